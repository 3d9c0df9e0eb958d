"""What waits to be written: bounded by the bytes of its pixels, and never making anyone wait.

When it is full, an OK inspection gives way to one that is not.
"""

import threading
from collections import deque

from edgevision.types import Inspected, Judgement

__all__ = ["Backlog"]


class Backlog:
    """A queue between the lanes and one writer."""

    def __init__(self, max_bytes: int) -> None:
        """Hold at most `max_bytes` of pixels, but always one frame."""
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._waiting: deque[Inspected] = deque()
        self._changed = threading.Condition()
        self._is_closed = False

    def offer(self, inspected: Inspected) -> int:
        """Take one in; return how many were lost by that, itself or others."""
        with self._changed:
            if self._is_closed:
                return 1
            lost = 0 if _is_ok(inspected) else self._make_room(_size(inspected))
            if not self._fits(_size(inspected)):
                return lost + 1
            self._waiting.append(inspected)
            self._size_bytes += _size(inspected)
            self._changed.notify()
            return lost

    def take(self) -> Inspected | None:
        """Wait for the oldest and return it; None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if not self._waiting:
                return None
            inspected = self._waiting.popleft()
            self._size_bytes -= _size(inspected)
            return inspected

    def close(self) -> None:
        """Take nothing more; what waits can still be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def clear(self) -> int:
        """Forget what waits and return how many that were."""
        with self._changed:
            lost = len(self._waiting)
            self._waiting.clear()
            self._size_bytes = 0
            return lost

    def _fits(self, size_bytes: int) -> bool:
        return not self._waiting or self._size_bytes + size_bytes <= self._max_bytes

    def _make_room(self, size_bytes: int) -> int:
        """Let the oldest OK ones go as long as that is needed; return how many."""
        lost = 0
        while not self._fits(size_bytes):
            victim = next((each for each in self._waiting if _is_ok(each)), None)
            if victim is None:
                break
            self._waiting.remove(victim)
            self._size_bytes -= _size(victim)
            lost += 1
        return lost


def _is_ok(inspected: Inspected) -> bool:
    return inspected.inspection.verdict.judgement is Judgement.OK


def _size(inspected: Inspected) -> int:
    return inspected.seen.image_bgr.nbytes
