"""What may be done beside what on the card of this process. Knows no library.

While one thread captures a CUDA graph in the global mode, which is ONNX Runtime's, CUDA refuses other threads
what allocates, copies or waits, and the capture is lost, too (CUDA Runtime API, cudaStreamBeginCapture). So
models are loaded one after the other, calls made side by side, and captures, which are part of a load, alone.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Semaphore

__all__ = ["alone", "loading", "side_by_side"]

_PLACES = 64
_places = Semaphore(_PLACES)
_door = Lock()
"""Whoever waits for all places holds it, so that nobody takes one again meanwhile."""
_loads = Lock()


@contextmanager
def loading() -> Iterator[None]:
    """Load a model while no other one is loaded; calls go on."""
    with _loads:
        yield


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
    """Use the card while nobody else does; waits for the calls under way, and holds up new ones."""
    with _door, ExitStack() as taken:
        for _ in range(_PLACES):
            taken.enter_context(_places)
        yield
