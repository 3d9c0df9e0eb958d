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

__all__ = ["BoundCall", "has_fixed_outputs", "reason"]

_DEVICE = ("cuda", 0)
_FAILURE = re.compile(r"CU\w+ failure \d+: [^;]*[^; ]")


class BoundCall:
    """One session with its input and outputs on the device. One caller at a time.

    A session must have one of these only: its graph knows the addresses of one.
    """

    def __init__(
        self, runtime: ModuleType, session: Any, shape: Sequence[int], output_names: Sequence[str]
    ) -> None:
        """Bind a session whose only input is uint8 of that shape, and let it capture its graph."""
        self._session = session
        self._binding = session.io_binding()
        with card.alone():
            self._bind(runtime, shape, output_names)
            session.run_with_iobinding(self._binding)

    def _bind(self, runtime: ModuleType, shape: Sequence[int], output_names: Sequence[str]) -> None:
        session = self._session
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
    """Return what ONNX Runtime says, without the C++ that it quotes around a failure of CUDA."""
    failure = _FAILURE.search(str(error))
    return failure[0] if failure else str(error)


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
