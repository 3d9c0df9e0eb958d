"""Runs models with ONNX Runtime on CPU, CUDA or TensorRT.

The library is imported on first use. It falls back to another provider silently, so the
provider in use is read back from the session. Its telemetry stays switched off.
"""

import os
import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fit import Port, check_batch, check_ports, input_shape
from edgevision.engines.spec import EngineRequest, ProviderName
from edgevision.errors import EngineError, ProviderUnavailable
from edgevision.ports import EngineInfo, Tensor

__all__ = ["OnnxEngine", "available_providers", "load_onnx", "version"]

_PROVIDERS: Mapping[ProviderName, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_CHAINS: Mapping[ProviderName, tuple[ProviderName, ...]] = {
    "cpu": ("cpu",),
    "cuda": ("cuda", "cpu"),
    "tensorrt": ("tensorrt", "cuda", "cpu"),
}
_NAMES = {provider: name for name, provider in _PROVIDERS.items()}
_DTYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}
_ERRORS_ONLY = 3


class OnnxEngine:
    """An ONNX Runtime session. Its `run` may be called from many threads."""

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


def load_onnx(manifest: Manifest, model: bytes, request: EngineRequest) -> OnnxEngine:
    """Load an ONNX file.

    Raises:
        EngineError: ONNX Runtime is not installed or cannot load the model.
        ProviderUnavailable: `request.require` is set and another provider is in use.
        ManifestError: inputs or outputs do not fit the manifest.
    """
    runtime = _runtime()
    session = _session(runtime, model, request)
    provider = _NAMES.get(session.get_providers()[0], session.get_providers()[0])
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
        precision=request.precision,
        version=str(runtime.__version__),
        threads=request.threads,
        streams=request.streams,
    )
    return OnnxEngine(session, manifest, info)


def available_providers() -> tuple[str, ...]:
    """Return `cpu`, `cuda`, … as this build of ONNX Runtime lists them; loading may still fail."""
    return tuple(_NAMES[name] for name in _runtime().get_available_providers() if name in _NAMES)


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


def _session(runtime: ModuleType, model: bytes, request: EngineRequest) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Without enable_fallback=0 it prints to stdout and tries again on the CPU.
            return runtime.InferenceSession(
                model, _options(runtime, request), providers=_providers(request), enable_fallback=0
            )
    except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
        raise EngineError(
            f"ONNX Runtime: cannot load the {request.precision} model on {request.provider}: {error}; "
            "build the bundle again or choose another engine"
        ) from error


def _options(runtime: ModuleType, request: EngineRequest) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # Explicit, so that no affinity is set: that fails in containers and cpusets.
    options.intra_op_num_threads = request.threads_per_stream
    options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _providers(request: EngineRequest) -> list[tuple[str, dict[str, str]]]:
    """Return the asked provider and those that take the operators it lacks, where this build has them."""
    usable = [name for name in _CHAINS[request.provider] if name in available_providers()]
    return [(_PROVIDERS[name], _provider_options(name, request)) for name in usable]


def _provider_options(name: ProviderName, request: EngineRequest) -> dict[str, str]:
    if name != "tensorrt" or request.cache_dir is None:
        return {}
    folder = request.cache_dir / "tensorrt"
    return {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(folder)}


def _ports(nodes: list[Any]) -> dict[str, Port]:
    return {
        node.name: Port(
            _DTYPES.get(node.type, node.type),
            tuple(dim if isinstance(dim, int) else None for dim in node.shape),
        )
        for node in nodes
    }
