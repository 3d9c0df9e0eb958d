"""What one camera's lane did since the start, counted as a sink and read by the supervisor."""

import threading
import time
from collections.abc import Sequence

from edgevision.messages import CameraFigures
from edgevision.ports import FeedCounters
from edgevision.tally import Tally
from edgevision.types import Inspected, Judgement

__all__ = ["Records"]


class Records:
    """The counts of one camera. Safe in many threads."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._tally = Tally()
        self._guard = threading.Lock()
        self._last_ns: int | None = None

    @property
    def total(self) -> int:
        """How many inspections were committed."""
        with self._guard:
            return self._tally.total

    @property
    def last_ns(self) -> int | None:
        """When the last one was committed, on the monotonic clock; None before the first."""
        return self._last_ns

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Count the batch."""
        now_ns = time.monotonic_ns()
        with self._guard:
            self._last_ns = now_ns
            for inspected in batch:
                self._tally.add(inspected.inspection, now_ns)

    def figures(self, capture: FeedCounters, since_ns: int, now_ns: int) -> CameraFigures:
        """Return counts since the start, with rate and latencies since `since_ns` (monotonic)."""
        with self._guard:
            judged = self._tally.judgements
            return CameraFigures(
                frames=capture.frames_read,
                ok=judged[Judgement.OK],
                ng=judged[Judgement.NG],
                nd=judged[Judgement.ND],
                skipped=capture.frames_skipped,
                reopened=capture.reopened,
                reads_failed=capture.reads_failed,
                rate_hz=self._tally.rate_hz(since_ns, now_ns),
                latencies_ns=self._tally.latencies_ns(since_ns),
            )
