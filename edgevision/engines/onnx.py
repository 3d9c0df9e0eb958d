"""Runs models with ONNX Runtime on CPU, CUDA or TensorRT.

The library is imported on first use. It falls back to another provider silently, so the
provider in use is read back from the session. Its telemetry stays switched off. On the CPU one session
serves all streams; on a GPU each stream has its own, with memory of the card and a thread of its own.
"""

import hashlib
import logging
import os
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.engines import card
from edgevision.engines.binding import BoundCall, has_fixed_outputs, reason
from edgevision.engines.fit import Port, check_batch, check_ports, input_shape
from edgevision.engines.ownthread import OwnThread
from edgevision.engines.pool import PooledEngine
from edgevision.engines.providers import NAMES, compute_precision, provider_chain, tensorrt_folder
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EngineError, ProviderUnavailable
from edgevision.ports import Engine, EngineInfo, Tensor

__all__ = ["OnnxEngine", "available_providers", "load_onnx", "version"]

_DTYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}
_ERRORS_ONLY, _FATAL_ONLY = 3, 4
_GPU_STREAMS = 4
"""A card computes one call after the other; more only hide the copies, and each holds the model once more."""
_log = logging.getLogger(__name__)


class OnnxEngine:
    """A session on the CPU. Its `run` may be called from many threads.

    Bound memory saves nothing there: measured, 0.95 to 1.05 of the processor's time.
    """

    def __init__(self, session: Any, manifest: Manifest, info: EngineInfo) -> None:
        self._session = session
        self._input = manifest.input.name
        self._shape = input_shape(manifest)
        self._outputs = [output.name for output in manifest.outputs]
        self._info = info

    @property
    def info(self) -> EngineInfo:
        """What runs the model."""
        return self._info

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Run (1, H, W, C) uint8; raises EngineError."""
        check_batch(batch_nhwc, self._shape)
        session = self._session
        if session is None:
            raise EngineError("ONNX Runtime: the model was closed; load it again")
        try:
            return tuple(session.run(self._outputs, {self._input: batch_nhwc}))
        except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
            raise EngineError(f"ONNX Runtime: inference failed: {error}") from error

    def close(self) -> None:
        """Free the session once the calls in flight are done."""
        self._session = None


def load_onnx(manifest: Manifest, model: bytes, request: EngineRequest) -> Engine:
    """Load an ONNX file.

    Raises:
        EngineError: ONNX Runtime is not installed or cannot load the model.
        ProviderUnavailable: `request.require` is set and another provider is in use.
        ManifestError: inputs or outputs do not fit the manifest.
    """
    runtime = _runtime()
    if request.provider != "cpu":
        _load_libraries(runtime)
    session, has_graph = _session(runtime, model, request)
    provider = NAMES.get(session.get_providers()[0], session.get_providers()[0])
    if request.require and provider != request.provider:
        raise ProviderUnavailable(
            f"ONNX Runtime: expected provider {request.provider}, got {provider}; available: "
            f"{', '.join(available_providers())}; install its runtime libraries and edgevision[gpu], "
            "or set engine.require: false"
        )
    check_ports(manifest, _ports(session.get_inputs()), _ports(session.get_outputs()))
    info = EngineInfo(
        engine="onnxruntime",
        requested=request.provider,
        provider=provider,
        precision=compute_precision(request, provider),
        version=str(runtime.__version__),
        threads=request.threads,
        streams=request.streams if provider == "cpu" else min(request.streams, _GPU_STREAMS),
    )
    if provider == "cpu":
        return OnnxEngine(session, manifest, info)
    others = (_opened(runtime, model, request, has_graph=has_graph) for _ in range(info.streams - 1))
    return PooledEngine(_bound(runtime, [session, *others], manifest), input_shape(manifest), info)


def _bound(runtime: ModuleType, sessions: Sequence[Any], manifest: Manifest) -> list[OwnThread]:
    names, shape = [output.name for output in manifest.outputs], input_shape(manifest)
    try:
        return [OwnThread(partial(BoundCall, runtime, session, shape, names)) for session in sessions]
    except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
        raise EngineError(
            f"ONNX Runtime: the GPU takes no {len(sessions)} calls at a time: {reason(error)}; "
            "have fewer cameras or another provider"
        ) from error


def available_providers() -> tuple[str, ...]:
    """Return `cpu`, `cuda`, … as this build of ONNX Runtime lists them; loading may still fail."""
    return tuple(NAMES[name] for name in _runtime().get_available_providers() if name in NAMES)


def version() -> str:
    """Return the version of ONNX Runtime."""
    return str(_runtime().__version__)


def _runtime() -> ModuleType:
    # Read while it is imported. Calling disable_telemetry_events() afterwards is too late: the identifier
    # of the device is written to the home folder by then, and the database of events opened.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime  # noqa: PLC0415  loading it takes as long as the rest of the package
    except ImportError as error:
        raise EngineError(
            f"ONNX Runtime cannot be imported ({error}); install edgevision[cpu] or edgevision[gpu]"
        ) from error
    module: ModuleType = onnxruntime
    return module


def _load_libraries(runtime: ModuleType) -> None:
    """Load NVIDIA's libraries from edgevision[gpu]'s packages, where the linker does not look."""
    said = StringIO()
    with redirect_stdout(said):  # It prints what it does not find.
        runtime.preload_dlls()
    if said.getvalue():
        _log.info("CUDA's libraries: %s", said.getvalue().strip())


def _session(runtime: ModuleType, model: bytes, request: EngineRequest) -> tuple[Any, bool]:
    """Return a session, and whether it captures a CUDA graph.

    That is on a GPU, where the whole model runs there and gives answers that are always as large.
    """
    if request.provider in available_providers() and request.provider != "cpu":
        try:
            session = _opened(runtime, model, request, has_graph=True)
        except EngineError as error:
            _log.info("no CUDA graph: %s", error)
        else:
            if has_fixed_outputs(session):
                return session, True
    return _opened(runtime, model, request, has_graph=False), False


def _opened(runtime: ModuleType, model: bytes, request: EngineRequest, *, has_graph: bool) -> Any:
    cache = None if request.cache_dir is None else _trt_cache(runtime, model, request, request.cache_dir)
    chain = provider_chain(request, available_providers(), has_graph=has_graph, trt_cache=cache)
    options = _options(runtime, request)
    # That a model cannot have a graph is no error to print: it is opened without one.
    options.log_severity_level = _FATAL_ONLY if has_graph else _ERRORS_ONLY
    try:
        with warnings.catch_warnings(), card.side_by_side():
            warnings.simplefilter("ignore")
            # Without enable_fallback=0 it prints to stdout and tries again on the CPU.
            return runtime.InferenceSession(model, options, providers=chain, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
        raise EngineError(
            f"ONNX Runtime: cannot load the {request.precision} model on {request.provider}: "
            f"{reason(error)}; build the bundle again or choose another engine"
        ) from error


def _trt_cache(runtime: ModuleType, model: bytes, request: EngineRequest, cache_dir: Path) -> Path | None:
    """Return the folder for what TensorRT builds, made; it makes only the last one itself."""
    if request.provider != "tensorrt":
        return None
    sha256 = hashlib.sha256(model).hexdigest()
    folder = tensorrt_folder(cache_dir, str(runtime.__version__), sha256, request)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _log.warning("%s: TensorRT builds at each start, nothing can be kept: %s", folder, error.strerror)
        return None
    return folder


def _options(runtime: ModuleType, request: EngineRequest) -> Any:
    options = runtime.SessionOptions()
    # Explicit, so that no affinity is set: that fails in containers and cpusets.
    options.intra_op_num_threads = request.threads_per_stream
    options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _ports(nodes: list[Any]) -> dict[str, Port]:
    return {
        node.name: Port(
            _DTYPES.get(node.type, node.type),
            tuple(dim if isinstance(dim, int) else None for dim in node.shape),
        )
        for node in nodes
    }
