"""A session of ONNX Runtime bound to memory of a GPU, which stays where it is from call to call.

So nothing is allocated for a call, and a CUDA graph, which replays addresses, can be captured. The library
is handed in, nothing is imported.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.errors import EngineError
from edgevision.ports import Tensor

__all__ = ["BoundCall", "has_fixed_outputs"]

_DEVICE = ("cuda", 0)


class BoundCall:
    """One session with its input and outputs on the device. One caller at a time.

    A session must have one of these only: its graph knows the addresses of one.
    """

    def __init__(
        self, runtime: ModuleType, session: Any, shape: Sequence[int], output_names: Sequence[str]
    ) -> None:
        """Bind a session whose only input is uint8 of that shape."""
        self._session = session
        self._binding = session.io_binding()
        self._input = runtime.OrtValue.ortvalue_from_numpy(np.zeros(shape, np.uint8), *_DEVICE)
        self._binding.bind_ortvalue_input(session.get_inputs()[0].name, self._input)
        self._outputs = _fixed_outputs(runtime, session, output_names)
        for name in output_names:
            if self._outputs is None:  # ONNX Runtime allocates them, and brings them to the host.
                self._binding.bind_output(name, "cpu")
            else:
                self._binding.bind_ortvalue_output(name, self._outputs[name])

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Return copies of the outputs in the host's memory. Raises EngineError."""
        try:
            self._input.update_inplace(np.ascontiguousarray(batch_nhwc))
            self._session.run_with_iobinding(self._binding)
            if self._outputs is None:
                return tuple(np.array(value.numpy()) for value in self._binding.get_outputs())
            return tuple(value.numpy() for value in self._outputs.values())
        except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
            raise EngineError(f"ONNX Runtime: inference failed: {error}") from error


def has_fixed_outputs(session: Any) -> bool:
    """Return whether every output of a session has the same size in every call."""
    return all(isinstance(dim, int) for output in session.get_outputs() for dim in output.shape)


def _fixed_outputs(runtime: ModuleType, session: Any, names: Sequence[str]) -> dict[str, Any] | None:
    """Return memory of the device for each output; None where the size of one differs from call to call."""
    if not has_fixed_outputs(session):
        return None
    shapes = {output.name: output.shape for output in session.get_outputs()}
    return {
        name: runtime.OrtValue.ortvalue_from_shape_and_type(shapes[name], np.float32, *_DEVICE)
        for name in names
    }
