"""The feed of a camera: keeps the newest frame and reopens a lost camera for ever.

Looks into the pixels only to notice that they never change; says of each frame whether it may be
judged, and of the camera whether it is lost, stalled, frozen or changed. Judging is not done here.
"""

import logging
import random
import time
from dataclasses import replace

from edgevision.backoff import Backoff
from edgevision.capture.changed import FormatWatch
from edgevision.capture.feed import ThreadedFeed
from edgevision.capture.frozen import FrozenDetector
from edgevision.capture.slot import Handover, NewestSlot
from edgevision.errors import CameraRefusedSetting, CaptureError, DamagedFrame
from edgevision.health import Beat, unwatched
from edgevision.overdue import CallClock
from edgevision.ports import FeedCounters, Source
from edgevision.types import Frame

__all__ = ["LiveFeed"]

_log = logging.getLogger(__name__)


class LiveFeed(ThreadedFeed):
    """The newest frame of a camera, which is reopened after any failed read.

    Frames of a frozen camera, or of one that came back with another size or format, are handed
    over and say so. Single damaged pictures are passed over and counted. A setting that the
    camera refuses at the start, where the station requires it, ends the feed.
    """

    def __init__(
        self,
        source: Source,
        camera: str,
        *,
        reopen_min_s: float = 0.25,
        reopen_max_s: float = 0.75,
        open_limit_s: float = 10.0,
        read_limit_s: float = 10.0,
        frozen_after_s: float | None = 10.0,
        stop_timeout_s: float = 5.0,
        rng: random.Random | None = None,
        handover: Handover | None = None,
        beat: Beat = unwatched,
    ) -> None:
        """Take over `source`, which only the capture thread may use from now on.

        Without a `handover` the newest frame waits to be taken.
        A call into the source that takes longer than its limit makes the camera count as stalled;
        nothing but damaged pictures for `read_limit_s` makes it count as lost.
        """
        super().__init__(source, camera, handover or NewestSlot(), stop_timeout_s, beat)
        self._backoff = Backoff(reopen_min_s, reopen_max_s, rng)
        self._open_limit_s, self._read_limit_s = open_limit_s, read_limit_s
        self._frozen_after_s = frozen_after_s
        self._call = CallClock()
        self._format = FormatWatch()

    @property
    def counters(self) -> FeedCounters:
        """A consistent copy of the counters."""
        return replace(super().counters, is_stalled=self._call.is_overdue)

    def _capture(self) -> None:
        while not self._stopping.is_set():
            known = self._counters
            error = self._run_until_failure()
            if error is not None:
                delay_s = self._backoff.next_s()
                is_news = str(error) != known.last_error or self._counters.frames_read > known.frames_read
                level = logging.WARNING if is_news else logging.DEBUG
                _log.log(level, "%s: %s; trying again in %.1f s", self._camera, error, delay_s)
                self._note(last_error=str(error))
                self._beat(delay_s)
                self._stopping.wait(delay_s)
                self._beat()

    def _run_until_failure(self) -> CaptureError | None:
        """Open, read and close once; returns what went wrong, None when stopped."""
        try:
            with self._call.within(self._open_limit_s):
                self._source.open()
            return self._read_all()
        except CameraRefusedSetting as error:
            if self._counters.frames_read == 0:
                raise
            return error
        except CaptureError as error:
            return error
        finally:
            with self._call.within(self._open_limit_s):
                self._close()

    def _read_all(self) -> CaptureError | None:
        detector = FrozenDetector(self._frozen_after_s) if self._frozen_after_s is not None else None
        while not self._stopping.is_set():
            frame = self._read()
            if isinstance(frame, CaptureError):
                self._note(reads_failed=self._counters.reads_failed + 1)
                return frame
            self._backoff.reset()
            is_frozen = detector is not None and detector.update(frame.image_bgr, frame.captured_ns)
            if is_frozen and not self._counters.is_frozen:
                _log.warning("%s: the picture has not changed for %s s", self._camera, self._frozen_after_s)
            changed = self._format.update(frame)
            self._note_delivering(is_frozen=is_frozen, changed=changed)
            self._hand_over(replace(frame, is_frozen=is_frozen, changed=changed))
        return None

    def _note_delivering(self, *, is_frozen: bool, changed: str) -> None:
        """A camera is back when it gives a picture; one that only opens may not be."""
        known = self._counters
        again = int(not known.is_open and known.frames_read > 0)
        self._note(is_open=True, reopened=known.reopened + again, is_frozen=is_frozen, changed=changed)

    def _read(self) -> Frame | CaptureError:
        """Return the next whole picture, or what went wrong."""
        give_up_s = time.monotonic() + self._read_limit_s
        while True:
            frame = self._read_once()
            is_over = self._stopping.is_set() or time.monotonic() > give_up_s
            if is_over or not isinstance(frame, DamagedFrame):
                return frame
            self._note(reads_failed=self._counters.reads_failed + 1, last_error=str(frame))
            self._beat()

    def _read_once(self) -> Frame | CaptureError:
        try:
            with self._call.within(self._read_limit_s):
                frame = self._source.read()
        except CaptureError as error:
            return error
        return frame or CaptureError(
            f"{self._source.name}: expected a frame, got none; check the camera, its cable or stream"
        )
