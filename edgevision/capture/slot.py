"""Hands frames from the capture thread to the loop: the newest one, every one in order, or each at once.

All wait on conditions, never poll, and end when either side closes them.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from edgevision.types import Frame

__all__ = ["FrameTap", "Handover", "LosslessQueue", "NewestSlot"]


class Handover(Protocol):
    """One producer gives frames, any number of consumers take them."""

    @property
    def is_over(self) -> bool:
        """True when closed and nothing is left to take."""

    def put(self, frame: Frame) -> int:
        """Give a frame; returns how many frames were lost by it."""

    def take(self, timeout_s: float) -> Frame | None:
        """Return the next frame; None on time-out or when over."""

    def close(self) -> None:
        """Accept no more frames and wake everyone; safe to call twice."""


class NewestSlot:
    """Holds one frame; a newer one replaces it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._is_closed = False

    @property
    def is_over(self) -> bool:
        """True when closed and nothing is left to take."""
        with self._changed:
            return self._is_closed and self._frame is None

    def put(self, frame: Frame) -> int:
        """Give a frame; returns 1 when it replaced one that nobody took."""
        with self._changed:
            if self._is_closed:
                return 1
            replaced = int(self._frame is not None)
            self._frame = frame
            self._changed.notify()
        return replaced

    def take(self, timeout_s: float) -> Frame | None:
        """Return the newest unread frame; None on time-out or when over."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._is_closed, timeout_s)
            frame, self._frame = self._frame, None
        return frame

    def close(self) -> None:
        """Accept no more frames and wake everyone; a frame inside may still be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class LosslessQueue:
    """Keeps every frame in order; a full queue makes the producer wait.

    Full means `max_frames`, or fewer when they are large: a frame is let in while the
    pictures inside take less than `max_bytes`. The producer of a full queue sleeps until half
    of it is taken: waking it for each frame costs both sides time.
    """

    def __init__(self, max_frames: int = 8, max_bytes: int = 48 << 20) -> None:
        """Begin empty."""
        self._changed = threading.Condition()
        self._frames: deque[Frame] = deque()
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._bytes = 0
        self._is_closed = False

    @property
    def is_over(self) -> bool:
        """True when closed and nothing is left to take."""
        with self._changed:
            return self._is_closed and not self._frames

    def put(self, frame: Frame) -> int:
        """Give a frame, waiting for room; returns 1 when the queue was closed and the frame lost."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._has_room)
            if self._is_closed:
                return 1
            self._frames.append(frame)
            self._bytes += frame.image_bgr.nbytes
            self._changed.notify_all()
        return 0

    def take(self, timeout_s: float) -> Frame | None:
        """Return the next frame; None on time-out or when over."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._is_closed, timeout_s)
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._bytes -= frame.image_bgr.nbytes
            if len(self._frames) <= self._max_frames // 2:
                self._changed.notify_all()
        return frame

    def close(self) -> None:
        """Accept no more frames and wake everyone; frames inside may still be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def _has_room(self) -> bool:
        return len(self._frames) < self._max_frames and self._bytes < self._max_bytes


class FrameTap:
    """Shows each frame to a function at once, in the capture thread; there is nothing to take."""

    def __init__(self, show: Callable[[Frame], None]) -> None:
        """Begin open; `show` must return quickly."""
        self._show = show
        self._closed = threading.Event()

    @property
    def is_over(self) -> bool:
        """True when closed."""
        return self._closed.is_set()

    def put(self, frame: Frame) -> int:
        """Show a frame; returns 1 when closed."""
        if self._closed.is_set():
            return 1
        self._show(frame)
        return 0

    def take(self, timeout_s: float) -> Frame | None:
        """Return None, on time-out or when over."""
        self._closed.wait(timeout_s)
        return None

    def close(self) -> None:
        """Show no more frames; safe to call twice."""
        self._closed.set()
