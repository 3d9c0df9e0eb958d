"""Runs models with OpenVINO on the CPU, in float32 or int8 as the file says and never in bfloat16.

The library is optional and imported on first use, without the parts of it that send usage data.
"""

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fit import Port, check_batch, check_ports, input_shape
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EngineError, ProviderUnavailable
from edgevision.ports import EngineInfo, Tensor

__all__ = ["OpenVinoEngine", "load_openvino", "version"]

_DTYPES = {"u8": "uint8", "f32": "float32"}
_REPORTS_USAGE = ("openvino_telemetry", "openvino.tools.ovc")


class _Request:
    """An infer request with its own input and output memory. One caller at a time.

    The binding's `infer` costs 0.35 ms more, for looking at its arguments and wrapping its answer.
    """

    def __init__(self, compiled: Any, output_names: Iterable[str]) -> None:
        self._request = compiled.create_infer_request()
        self._input = self._request.get_input_tensor(0).data
        self._reads = [self._reader(compiled, name) for name in output_names]

    def _reader(self, compiled: Any, name: str) -> Callable[[], Tensor]:
        """Return what reads an output; one whose size differs from call to call moves in memory."""
        if compiled.output(name).get_partial_shape().is_dynamic:
            return lambda: np.array(self._request.get_tensor(name).data)
        memory: Tensor = self._request.get_tensor(name).data
        return memory.copy

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Return copies of the outputs: the next call overwrites them."""
        np.copyto(self._input, batch_nhwc)
        self._request.start_async()
        self._request.wait()
        return tuple(read() for read in self._reads)


class OpenVinoEngine:
    """A compiled model with one infer request per stream; a call waits while all are in use."""

    def __init__(self, compiled: Any, manifest: Manifest, info: EngineInfo) -> None:
        self._shape = input_shape(manifest)
        self._info = info
        self._is_open = True
        # None is put in when closing: whoever waits or comes later takes it and puts it back.
        self._idle: SimpleQueue[_Request | None] = SimpleQueue()
        for _ in range(info.streams):
            self._idle.put(_Request(compiled, [output.name for output in manifest.outputs]))

    @property
    def info(self) -> EngineInfo:
        """What runs the model."""
        return self._info

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Run (1, H, W, C) uint8; raises EngineError."""
        check_batch(batch_nhwc, self._shape)
        request = self._idle.get()
        try:
            if request is None:
                raise EngineError("OpenVINO: the model was closed; load it again")
            return request.infer(batch_nhwc)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"OpenVINO: inference failed: {error}") from error
        finally:
            self._idle.put(request if self._is_open else None)

    def close(self) -> None:
        """Free the idle requests now and those in use as they finish."""
        self._is_open = False
        with suppress(Empty):
            while True:
                self._idle.get_nowait()
        self._idle.put(None)


def load_openvino(manifest: Manifest, model: bytes, request: EngineRequest) -> OpenVinoEngine:
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
    return OpenVinoEngine(compiled, manifest, info)


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
        core = library.Core()
        return core.compile_model(core.read_model(model), "CPU", _properties(request))
    except (RuntimeError, ValueError) as error:  # ValueError: its own message was no UTF-8
        raise EngineError(
            f"OpenVINO: cannot load the {request.precision} model: {error}; "
            "build the bundle again or choose another engine"
        ) from error


def _properties(request: EngineRequest) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY" if request.streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": str(request.streams),
        "INFERENCE_NUM_THREADS": max(request.threads, request.streams),
        # Its default on newer processors is bfloat16: stations would give different answers.
        "INFERENCE_PRECISION_HINT": "f32",
        # Containers and cpusets do not let threads be pinned.
        "ENABLE_CPU_PINNING": False,
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
