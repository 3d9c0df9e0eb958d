"""A call that is always made by the same thread, whoever asks for it. Knows no library.

ONNX Runtime captures the CUDA graph of a session for each thread that calls it; with a thread of its own a
session has one, which is captured when it is made. The thread is a daemon: a call that hangs does not keep
the program from ending.
"""

import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread

import numpy as np
import numpy.typing as npt

from edgevision.engines.pool import Call
from edgevision.ports import Tensor

__all__ = ["OwnThread"]

_Answer = tuple[Tensor, ...]
_Work = SimpleQueue[tuple[npt.NDArray[np.uint8], Future[_Answer]] | None]


class OwnThread:
    """Makes a call, calls it and closes it in one thread; closes it, too, when nobody has it any more."""

    def __init__(self, make: Callable[[], Call]) -> None:
        """Start the thread; raises what `make` does."""
        self._work: _Work = SimpleQueue()
        made: Future[None] = Future()
        self._thread = Thread(target=_serve, args=(make, self._work, made), name="card", daemon=True)
        self._thread.start()
        made.result()
        self._end = weakref.finalize(self, self._work.put, None)

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> _Answer:
        """Return the answer of the call. Raises EngineError."""
        answer: Future[_Answer] = Future()
        self._work.put((batch_nhwc, answer))
        return answer.result()

    def close(self) -> None:
        """Close the call and wait for that; not to be called again."""
        self._end()
        self._thread.join()


def _serve(make: Callable[[], Call], work: _Work, made: Future[None]) -> None:
    try:
        call = make()
    except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
        made.set_exception(error)
        return
    made.set_result(None)
    while (asked := work.get()) is not None:
        _answer(call, *asked)
        del asked
    call.close()


def _answer(call: Call, batch_nhwc: npt.NDArray[np.uint8], answer: Future[_Answer]) -> None:
    try:
        answer.set_result(call.infer(batch_nhwc))
    except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
        answer.set_exception(error)
