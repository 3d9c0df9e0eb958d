"""The thread that owns a source: opens, reads and closes it, and hands its frames to the loop.

`ThreadedFeed` is what all feeds share. `RecordingFeed` hands over every frame, decodes ahead, and
ends; the feed of a camera is in `capture.live`.
"""

import logging
import threading
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from edgevision.capture.slot import Handover, LosslessQueue
from edgevision.errors import CaptureError
from edgevision.health import FOR_EVER_S, Beat, unwatched
from edgevision.ports import FeedCounters, Source
from edgevision.types import Frame

__all__ = ["RecordingFeed", "ThreadedFeed"]

_log = logging.getLogger(__name__)


class ThreadedFeed(ABC):
    """What all feeds share: the thread, the counters, and the error that ended it."""

    def __init__(
        self, source: Source, camera: str, handover: Handover, stop_timeout_s: float, beat: Beat
    ) -> None:
        self._source = source
        self._camera = camera
        self._handover = handover
        self._stop_timeout_s = stop_timeout_s
        self._beat = beat
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._counters = FeedCounters()
        self._failure: Exception | None = None
        self._newest: Frame | None = None
        self._thread = threading.Thread(target=self._run, name=f"capture-{camera}", daemon=True)

    @property
    def camera(self) -> str:
        """Name of the camera."""
        return self._camera

    @property
    def counters(self) -> FeedCounters:
        """A consistent copy of the counters."""
        with self._lock:
            return self._counters

    @property
    def newest(self) -> Frame | None:
        """The frame read last, whoever took it."""
        return self._newest

    @property
    def frames_expected(self) -> int | None:
        """What the source says, once it is open."""
        return self._source.frames_expected

    @property
    def ended(self) -> bool:
        """True when no frame and no error will ever come again."""
        return self._handover.is_over and self._failure is None

    def start(self) -> None:
        """Start the capture thread."""
        self._thread.start()

    def take(self, timeout_s: float) -> Frame | None:
        """Return a frame; None on time-out.

        Raises:
            CaptureError: What ended the feed; raised once, after its last frame was taken.
        """
        frame = self._handover.take(timeout_s)
        if frame is None and self._handover.is_over:
            self._raise_failure()
        return frame

    def stop(self) -> None:
        """Stop the thread, which closes the source; gives up on a thread stuck in a driver."""
        self._stopping.set()
        self._handover.close()
        if self._thread.ident is None:
            return
        self._thread.join(self._stop_timeout_s)
        if self._thread.is_alive():
            _log.error(
                "%s: %s did not return from the driver within %.1f s; it stays open until this process ends",
                self._camera,
                self._source.name,
                self._stop_timeout_s,
            )

    def _raise_failure(self) -> None:
        with self._lock:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _run(self) -> None:
        self._beat()
        try:
            self._capture()
        except CaptureError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - reported by `take`, whatever it is
            _log.exception("%s: capture ended by an unexpected error", self._camera)
            self._fail(error)
        finally:
            self._handover.close()
            self._beat(FOR_EVER_S)

    @abstractmethod
    def _capture(self) -> None:
        """Read the source until it is over or `stop` was called, and close it."""

    def _close(self) -> None:
        self._source.close()
        self._note(is_open=False)

    def _fail(self, error: Exception) -> None:
        with self._lock:
            self._failure = error
            self._counters = replace(self._counters, last_error=str(error))

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._counters = replace(self._counters, **changes)

    def _hand_over(self, frame: Frame) -> None:
        self._newest = frame
        self._note(frames_read=self._counters.frames_read + 1)
        if lost := self._handover.put(frame):
            self._note(frames_skipped=self._counters.frames_skipped + lost)
        self._beat()


class RecordingFeed(ThreadedFeed):
    """Every frame of a recording, in order, decoded ahead of the loop."""

    def __init__(
        self, source: Source, camera: str, *, stop_timeout_s: float = 5.0, beat: Beat = unwatched
    ) -> None:
        """Take over `source`, which only the capture thread may use from now on."""
        super().__init__(source, camera, LosslessQueue(), stop_timeout_s, beat)

    def _capture(self) -> None:
        try:
            self._source.open()
            self._note(is_open=True)
            while not self._stopping.is_set() and (frame := self._source.read()) is not None:
                self._beat(FOR_EVER_S)  # until there is room
                self._hand_over(frame)
        finally:
            self._close()
