"""Records beside the inspection path: a sink that only enqueues, and one thread that writes.

Bounded by bytes, by time and by free disk: at the bound recording ends, the station goes on. A frame
that comes while too many wait to be written is left out, counted and told.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgevision.errors import OutputError
from edgevision.session import SessionEntry, trigger_entry
from edgevision.types import Frame, Inspected

__all__ = ["Bounds", "Recorder", "SessionWriter"]

_log = logging.getLogger(__name__)


class SessionWriter(Protocol):
    """Where the frames of one camera go. `add`, `note` and `free_bytes` may raise OutputError."""

    def add(self, frame: Frame) -> int:
        """Write a frame; return how many bytes that took."""

    def note(self, entry: SessionEntry) -> int:
        """Write a line of the log; return how many bytes that took."""

    def free_bytes(self) -> int:
        """Return how much anyone may still write there."""

    def close(self) -> None:
        """Finish; safe to call twice."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a recording ends."""

    max_bytes: int
    min_free_bytes: int
    max_s: float | None = None
    waiting_max_bytes: int = 128_000_000
    """Pixels that wait to be written."""


class Recorder:
    """An `InspectionSink` that records the frames of all cameras."""

    def __init__(
        self,
        open_session: Callable[[str], SessionWriter],
        bounds: Bounds,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Compose; `open_session` makes the writer of a camera when its first frame has come."""
        self._open_session = open_session
        self._bounds = bounds
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[Inspected] = deque()
        self._waiting_bytes = 0
        self._is_closed = False
        self._began_s: float | None = None
        self._writers: dict[str, SessionWriter] = {}
        self._size_bytes = 0
        self.recorded = 0
        """Frames that are in their session."""
        self.dropped = 0
        """Frames left out because writing was too slow, or left when the station stopped."""
        self.failure = ""
        """Why recording ended before its bounds; empty when it did not."""
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    @property
    def is_over(self) -> bool:
        """Whether recording has ended, at its bounds or by a failure."""
        return self._is_over

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Remember the frames; never waits."""
        with self._changed:
            for inspected in batch:
                self._offer(inspected)
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Write what waits, for at most `timeout_s`; the rest is left out and counted. Safe to call twice."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        with self._changed:
            self.dropped += len(self._waiting)
            self._waiting.clear()
        _log.info("recorded %d frames, %d left out", self.recorded, self.dropped)

    def _offer(self, inspected: Inspected) -> None:
        if self._is_over or self._is_closed:
            return
        size = _size(inspected)
        if self._waiting and self._waiting_bytes + size > self._bounds.waiting_max_bytes:
            self.dropped += 1
            return
        self._waiting.append(inspected)
        self._waiting_bytes += size

    def _run(self) -> None:
        try:
            while not self._is_over and (inspected := self._take()) is not None:
                self._record(inspected)
        except OutputError as error:
            self._end(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, the line goes on
            _log.exception("recording ended by an unexpected error")
            self._end(f"unexpected: {error or type(error).__name__}")
        finally:
            for writer in self._writers.values():
                writer.close()

    def _take(self) -> Inspected | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if not self._waiting:
                return None
            inspected = self._waiting.popleft()
            self._waiting_bytes -= _size(inspected)
            return inspected

    def _record(self, inspected: Inspected) -> None:
        writer = self._writer(inspected.inspection.camera)
        if self._is_full(writer, _size(inspected)):
            _log.info("recording ended at its bounds after %d frames", self.recorded)
            self._end("")
            return
        if inspected.frame is None:
            self._size_bytes += writer.note(trigger_entry(inspected.inspection))
            return
        self._size_bytes += writer.add(inspected.frame)
        self.recorded += 1

    def _writer(self, camera: str) -> SessionWriter:
        if self._began_s is None:
            self._began_s = self._clock()
        if camera not in self._writers:
            self._writers[camera] = self._open_session(camera)
        return self._writers[camera]

    def _is_full(self, writer: SessionWriter, size_bytes: int) -> bool:
        """Whether a frame of that size might not fit: no more bytes than its pixels have are written."""
        bounds = self._bounds
        assert self._began_s is not None
        is_late = bounds.max_s is not None and self._clock() - self._began_s >= bounds.max_s
        is_large = self._size_bytes + size_bytes > bounds.max_bytes
        return is_late or is_large or writer.free_bytes() - size_bytes < bounds.min_free_bytes

    def _end(self, failure: str) -> None:
        with self._changed:
            self.failure = failure
            self._is_over = True
            self._waiting.clear()
            self._waiting_bytes = 0


def _size(inspected: Inspected) -> int:
    return 0 if inspected.frame is None else inspected.frame.image_bgr.nbytes
