"""Runs models with OpenVINO on the CPU, in float32 or int8 as the file says and never in bfloat16.

The library is optional and imported on first use, without the parts of it that send usage data.
"""

import sys
from collections.abc import Callable, Iterable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fit import Port, check_ports, input_shape
from edgevision.engines.machine import may_pin
from edgevision.engines.pool import PooledEngine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EngineError, ProviderUnavailable
from edgevision.ports import EngineInfo, Tensor

__all__ = ["load_openvino", "version"]

_DTYPES = {"u8": "uint8", "f32": "float32"}
_REPORTS_USAGE = ("openvino_telemetry", "openvino.tools.ovc")


class _Request:
    """An infer request with its own input and output memory. One caller at a time.

    The binding's `infer` costs 0.35 ms more, for looking at its arguments and wrapping its answer.
    """

    def __init__(self, compiled: Any, output_names: Iterable[str]) -> None:
        self._request = compiled.create_infer_request()
        self._input = self._request.get_input_tensor(0).data
        self._reads = [_reader(compiled, self._request, name) for name in output_names]

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Return copies of the outputs: the next call overwrites them. Raises EngineError."""
        try:
            np.copyto(self._input, batch_nhwc)
            self._request.start_async()
            self._request.wait()
            return tuple(read() for read in self._reads)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"OpenVINO: inference failed: {error}") from error

    def close(self) -> None:
        """Free its memory; it cannot be called afterwards."""
        del self._request, self._input, self._reads


def _reader(compiled: Any, request: Any, name: str) -> Callable[[], Tensor]:
    """Return what reads an output of a request; one whose size differs from call to call moves in memory."""
    if compiled.output(name).get_partial_shape().is_dynamic:
        return lambda: np.array(request.get_tensor(name).data)
    memory: Tensor = request.get_tensor(name).data
    return memory.copy


def load_openvino(manifest: Manifest, model: bytes, request: EngineRequest) -> PooledEngine:
    """Compile an ONNX file.

    Raises:
        EngineError: OpenVINO is not installed or cannot load the model.
        ProviderUnavailable: another provider than the CPU is required.
        ManifestError: inputs or outputs do not fit the manifest.
    """
    if request.require and request.provider != "cpu":
        raise ProviderUnavailable(
            f"OpenVINO: expected provider {request.provider}, got cpu, the only one it has here; "
            "set engine.name: onnxruntime, or engine.require: false"
        )
    library = _library()
    compiled = _compiled(library, model, request)
    check_ports(manifest, _named_ports(compiled.inputs), _named_ports(compiled.outputs))
    info = EngineInfo(
        engine="openvino",
        requested=request.provider,
        provider="cpu",
        precision=request.precision,
        version=_version_of(library),
        threads=request.threads,
        streams=request.streams,
    )
    names = [output.name for output in manifest.outputs]
    requests = [_Request(compiled, names) for _ in range(request.streams)]
    return PooledEngine(requests, input_shape(manifest), info)


def version() -> str:
    """Return the version of OpenVINO."""
    return _version_of(_library())


def _version_of(library: ModuleType) -> str:
    return str(library.get_version()).partition("-")[0]


def _library() -> ModuleType:
    # Importing openvino imports its model converter, which at once sends an event to the vendor
    # and writes an id into the home directory. A name that maps to None cannot be imported, and
    # openvino does without these.
    for name in _REPORTS_USAGE:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    try:
        import openvino  # noqa: PLC0415  optional
    except ImportError as error:
        raise EngineError(f"OpenVINO cannot be imported ({error}); install edgevision[openvino]") from error
    module: ModuleType = openvino
    return module


def _compiled(library: ModuleType, model: bytes, request: EngineRequest) -> Any:
    try:
        core = _core(library)
        return core.compile_model(core.read_model(model), "CPU", _properties(request))
    except (RuntimeError, ValueError) as error:  # ValueError: its own message was no UTF-8
        raise EngineError(
            f"OpenVINO: cannot load the {request.precision} model: {error}; "
            "build the bundle again or choose another engine"
        ) from error


@cache
def _core(library: ModuleType) -> Any:
    """Return the core of the process, which is never freed.

    Its plugin gives the thread that makes it a stack for signals; freed, by another thread at that, the stack
    would be gone and yet registered, and the next signal end the process.
    """
    return library.Core()


def _properties(request: EngineRequest) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY" if request.streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": str(request.streams),
        "INFERENCE_NUM_THREADS": max(request.threads, request.streams),
        # Its default on newer processors is bfloat16: stations would give different answers.
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": request.streams == 1 and may_pin(request.threads),
    }
    if request.cache_dir is not None:
        properties["CACHE_DIR"] = str(request.cache_dir / "openvino")
    return properties


def _named_ports(ports: Iterable[Any]) -> dict[str, Port]:
    return {name: _port(port) for port in ports for name in port.get_names()}


def _port(port: Any) -> Port:
    shape = port.get_partial_shape()
    dims = tuple(None if dim.is_dynamic else dim.get_length() for dim in shape)
    dtype = port.get_element_type().get_type_name()
    return Port(_DTYPES.get(dtype, dtype), dims)
