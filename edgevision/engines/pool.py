"""An engine made of calls with memory of their own, each for one caller at a time. Knows no library."""

from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgevision.engines.fit import check_batch
from edgevision.errors import EngineError
from edgevision.ports import EngineInfo, Tensor

__all__ = ["Call", "PooledEngine"]


class Call(Protocol):
    """A loaded model with its own input and output memory. One caller at a time."""

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Return outputs that the next call leaves alone. Raises EngineError."""

    def close(self) -> None:
        """Free what it holds; it is not called again."""


class PooledEngine:
    """Some calls, one for each stream; a caller waits while all are in use."""

    def __init__(self, calls: Iterable[Call], shape: tuple[int, ...], info: EngineInfo) -> None:
        """Take the calls, and the shape of their input."""
        self._shape = shape
        self._info = info
        self._is_open = True
        # None is put in when closing: whoever waits or comes later takes it and puts it back.
        self._idle: SimpleQueue[Call | None] = SimpleQueue()
        for call in calls:
            self._idle.put(call)

    @property
    def info(self) -> EngineInfo:
        """What runs the model."""
        return self._info

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Run (1, H, W, C) uint8; raises EngineError."""
        check_batch(batch_nhwc, self._shape)
        call = self._idle.get()
        try:
            if call is None:
                raise EngineError(f"{self._info.engine}: the model was closed; load it again")
            return call.infer(batch_nhwc)
        finally:
            self._put_back(call)

    def close(self) -> None:
        """Free the idle calls now and those in use as they finish."""
        self._is_open = False
        self._drain()

    def _put_back(self, call: Call | None) -> None:
        self._idle.put(call)
        if not self._is_open:
            self._drain()

    def _drain(self) -> None:
        try:
            with suppress(Empty):
                while True:
                    if call := self._idle.get_nowait():
                        call.close()
        finally:
            self._idle.put(None)
