"""A session of ONNX Runtime bound to memory of a GPU, which stays where it is from call to call.

So nothing is allocated for a call, and a CUDA graph, which replays addresses, can be captured. The library
is handed in, nothing is imported.
"""

import re
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.engines import card
from edgevision.errors import EngineError
from edgevision.ports import Tensor

__all__ = ["BoundCall", "reason"]

_DEVICE = ("cuda", 0)
_FAILURE = re.compile(r"CU\w+ failure \d+: [^;]*[^; ]")


class BoundCall:
    """One session with its input and outputs on the device. One caller at a time.

    A session must have one of these only: its graph knows the addresses of one.
    """

    def __init__(
        self,
        runtime: ModuleType,
        shape: Sequence[int],
        output_names: Sequence[str],
        session: Any,
        *,
        has_graph: bool,
    ) -> None:
        """Bind a session whose only input is uint8 of that shape, run it, and let it capture its graph.

        Raises:
            EngineError: it cannot; or a graph is asked for, and answers differ in size from call to call.
        """
        self._session = session
        self._binding = session.io_binding()
        try:
            with card.side_by_side():
                self._bind(runtime, shape, output_names)
                session.run_with_iobinding(self._binding, _without_graph(runtime))
            if has_graph:
                self._capture()
        except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
            raise EngineError(f"ONNX Runtime: the model does not run: {reason(error)}") from error

    def _bind(self, runtime: ModuleType, shape: Sequence[int], names: Sequence[str]) -> None:
        self._input = runtime.OrtValue.ortvalue_from_numpy(np.zeros(shape, np.uint8), *_DEVICE)
        self._binding.bind_ortvalue_input(self._session.get_inputs()[0].name, self._input)
        self._outputs = _fixed_outputs(runtime, self._session, names)
        for name in names:
            if self._outputs is None:  # ONNX Runtime allocates them, and brings them to the host.
                self._binding.bind_output(name, "cpu")
            else:
                self._binding.bind_ortvalue_output(name, self._outputs[name])

    def _capture(self) -> None:
        if self._outputs is None:
            raise EngineError("its answers differ in size from call to call")
        with card.alone():
            self._session.run_with_iobinding(self._binding)

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Return copies of the outputs in the host's memory. Raises EngineError."""
        try:
            with card.side_by_side():
                return self._run(np.ascontiguousarray(batch_nhwc))
        except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
            raise EngineError(f"ONNX Runtime: inference failed: {reason(error)}") from error

    def _run(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        self._input.update_inplace(batch_nhwc)
        self._session.run_with_iobinding(self._binding)
        if self._outputs is None:
            return tuple(np.array(value.numpy()) for value in self._binding.get_outputs())
        return tuple(value.numpy() for value in self._outputs.values())

    def close(self) -> None:
        """Free the model and its memory on the device; it cannot be called afterwards."""
        with card.side_by_side():
            del self._session, self._binding, self._input, self._outputs


def reason(error: Exception) -> str:
    """Return what ONNX Runtime says; of a failure of CUDA only what CUDA said, without node, file and C++."""
    failure = _FAILURE.search(str(error))
    return failure[0] if failure else str(error)


def _without_graph(runtime: ModuleType) -> Any:
    """Return options to run a session as if it had no graph: allocating and choosing kernels takes long."""
    options = runtime.RunOptions()
    options.add_run_config_entry("gpu_graph_id", "-1")
    return options


def _fixed_outputs(runtime: ModuleType, session: Any, names: Sequence[str]) -> dict[str, Any] | None:
    """Return memory of the device for each output; None where the size of one differs from call to call."""
    shapes = {output.name: output.shape for output in session.get_outputs()}
    if not all(isinstance(dim, int) for shape in shapes.values() for dim in shape):
        return None
    return {
        name: runtime.OrtValue.ortvalue_from_shape_and_type(shapes[name], np.float32, *_DEVICE)
        for name in names
    }
