"""Runs models with ONNX Runtime on CPU, CUDA or TensorRT.

The library is imported on first use. It falls back to another provider silently, so the
provider in use is read back from the session. Its telemetry stays switched off. On the CPU one session
serves all streams; on a GPU each stream has its own, with memory of the card and a thread of its own.
"""

import logging
import os
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.engines import card
from edgevision.engines.binding import BoundCall
from edgevision.engines.fit import Port, check_batch, check_ports, input_shape
from edgevision.engines.ownthread import OwnThread
from edgevision.engines.pool import PooledEngine
from edgevision.engines.providers import NAMES, compute_precision
from edgevision.engines.sessions import load_libraries, open_session, providers_of
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EngineError, ProviderUnavailable
from edgevision.ports import Engine, EngineInfo, Tensor

__all__ = ["OnnxEngine", "available_providers", "load_onnx", "version"]

_DTYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}
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
    if request.provider == "cpu" or request.provider not in providers_of(runtime):
        return _engine(runtime, manifest, model, request, has_graph=False)
    with card.loading():
        load_libraries(runtime)
        try:
            return _engine(runtime, manifest, model, request, has_graph=True)
        except ProviderUnavailable:
            raise
        except EngineError as error:
            _log.info("no CUDA graph: %s", error)
        return _engine(runtime, manifest, model, request, has_graph=False)


def _engine(
    runtime: ModuleType, manifest: Manifest, model: bytes, request: EngineRequest, *, has_graph: bool
) -> Engine:
    session = open_session(runtime, model, request, has_graph=has_graph)
    provider = NAMES.get(session.get_providers()[0], session.get_providers()[0])
    if request.require and provider != request.provider:
        raise ProviderUnavailable(
            f"ONNX Runtime: expected provider {request.provider}, got {provider}; available: "
            f"{', '.join(providers_of(runtime))}; install its runtime libraries and edgevision[gpu], "
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
    others = (open_session(runtime, model, request, has_graph=has_graph) for _ in range(info.streams - 1))
    shape, names = input_shape(manifest), [output.name for output in manifest.outputs]
    bind = partial(BoundCall, runtime, shape, names, has_graph=has_graph)
    return PooledEngine(_calls(bind, chain([session], others), info), shape, info)


def _calls(bind: Callable[[Any], BoundCall], sessions: Iterable[Any], info: EngineInfo) -> list[OwnThread]:
    calls: list[OwnThread] = []
    try:
        for session in sessions:
            calls.append(OwnThread(partial(bind, session)))  # noqa: PERF401 - those made are closed below
    except EngineError as error:
        for call in calls:
            call.close()
        if not calls:
            raise
        raise EngineError(
            f"{error}; {len(calls)} of {info.streams} calls at a time have room: have fewer cameras or "
            "another provider"
        ) from error
    return calls


def available_providers() -> tuple[str, ...]:
    """Return `cpu`, `cuda`, … as this build of ONNX Runtime lists them; loading may still fail."""
    return providers_of(_runtime())


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


def _ports(nodes: list[Any]) -> dict[str, Port]:
    return {
        node.name: Port(
            _DTYPES.get(node.type, node.type),
            tuple(dim if isinstance(dim, int) else None for dim in node.shape),
        )
        for node in nodes
    }
