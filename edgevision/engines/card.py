"""What may be done beside what on the card of this process. Knows no library.

While one thread captures a CUDA graph in the global mode, which is ONNX Runtime's, CUDA refuses other threads
what allocates, copies or waits, and the capture is lost, too (CUDA Runtime API, cudaStreamBeginCapture). So a
capture is made alone, and everything else side by side.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Semaphore

__all__ = ["alone", "side_by_side"]

_PLACES = 64
_places = Semaphore(_PLACES)
_door = Lock()
"""Whoever waits for all places holds it, so that nobody takes one again meanwhile."""


@contextmanager
def side_by_side() -> Iterator[None]:
    """Use the card as others do; waits for a capture."""
    with _door:
        _places.acquire()
    try:
        yield
    finally:
        _places.release()


@contextmanager
def alone() -> Iterator[None]:
    """Use the card while nobody else does: takes every place."""
    with _door, ExitStack() as taken:
        for _ in range(_PLACES):
            taken.enter_context(_places)
        yield
