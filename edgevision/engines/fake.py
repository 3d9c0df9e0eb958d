"""An engine that computes its answer with a function: for tests, and for trying a recipe without a model."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgevision.errors import EngineError
from edgevision.ports import EngineInfo, Tensor

__all__ = ["FakeEngine"]


class FakeEngine:
    """Gives `answer(batch)` as its output or outputs; `streams` is for whoever sizes worker pools."""

    def __init__(
        self, answer: Callable[[npt.NDArray[np.uint8]], Tensor | tuple[Tensor, ...]], streams: int = 1
    ) -> None:
        """Take a function from (1, H, W, C) uint8 to the output or outputs, safe in `streams` threads."""
        self._answer = answer
        self._info = EngineInfo("fake", "cpu", "cpu", "fp32", "0", threads=streams, streams=streams)
        self._is_open = True

    @property
    def info(self) -> EngineInfo:
        """What runs the model."""
        return self._info

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Return the answer; raises EngineError after `close`."""
        if not self._is_open:
            raise EngineError("fake engine: the model was closed; make a new one")
        answer = self._answer(batch_nhwc)
        return answer if isinstance(answer, tuple) else (answer,)

    def close(self) -> None:
        """Refuse further calls."""
        self._is_open = False
