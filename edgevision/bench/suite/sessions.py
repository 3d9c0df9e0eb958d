"""Engines called directly, as in anyone's own program: what the suite compares edgevision with.

The libraries are imported by way of `edgevision.engines`, which keeps them from sending usage data.
"""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.engines import onnx, openvino
from edgevision.engines.machine import available_threads
from edgevision.errors import EngineError

__all__ = ["Batch", "Call", "InferQueue", "onnxruntime_call", "opencv_call", "openvino_call"]

Batch = npt.NDArray[np.uint8]
Call = Callable[[Batch], npt.NDArray[Any]]
"""Runs a model on its input and returns its first output."""


def onnxruntime_call(model: bytes) -> Call:
    """Load an ONNX file with ONNX Runtime's own defaults; raises EngineError.

    The number of threads is given: by default it would be bound to cores, which fails in containers.
    """
    onnx.version()
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = available_threads()
    try:
        session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
        raise EngineError(f"ONNX Runtime: cannot load the model: {error}; try another file") from error
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(None, {name: batch})[0])


def openvino_call(model: bytes) -> Call:
    """Load an ONNX file for one call at a time with OpenVINO; raises EngineError."""
    request = _compiled(model, streams=1).create_infer_request()

    def call(batch: Batch) -> npt.NDArray[Any]:
        request.infer({0: batch})
        return np.asarray(request.get_output_tensor(0).data)

    return call


def opencv_call(model: bytes) -> Call:
    """Load an ONNX file with OpenCV's own engine; raises EngineError, and so does the call."""
    try:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
    except cv2.error as error:
        raise EngineError(f"OpenCV DNN: cannot load the model: {error.err}; try another file") from error

    def call(batch: Batch) -> npt.NDArray[Any]:
        try:
            net.setInput(batch)
            return np.asarray(net.forward())
        except cv2.error as error:
            raise EngineError(f"OpenCV DNN: cannot run the model: {error.err}; try another file") from error

    return call


class InferQueue:
    """OpenVINO's own queue with a call for each core in flight."""

    def __init__(self, model: bytes, take: Callable[[npt.NDArray[Any]], object]) -> None:
        """Load an ONNX file; `take` gets the first output of each call. Raises EngineError."""
        cores = available_threads()
        library = _openvino()
        self._queue: Any = library.AsyncInferQueue(_compiled(model, streams=cores), cores)
        self._queue.set_callback(lambda request, _: take(request.get_output_tensor(0).data))

    def put(self, batch: Batch) -> None:
        """Begin a call as soon as one is free."""
        self._queue.start_async({0: batch})

    def wait(self) -> None:
        """Return when all calls are done."""
        self._queue.wait_all()


def _openvino() -> ModuleType:
    openvino.version()
    return importlib.import_module("openvino")


def _compiled(model: bytes, streams: int) -> Any:
    core = _openvino().Core()
    properties = {
        "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": str(streams),
        "INFERENCE_NUM_THREADS": available_threads(),
        "INFERENCE_PRECISION_HINT": "f32",
    }
    try:
        return core.compile_model(core.read_model(model), "CPU", properties)
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"OpenVINO: cannot load the model: {error}; try another file") from error
