"""Counts of what was judged: totals, the table of truth against judgement, latency and rate.

Pure bookkeeping for the metrics message, the terminal and the end of a replay. A `Tally`
belongs to one thread; whoever shares one guards it.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import takewhile

from edgevision.types import Inspection, Judgement

__all__ = ["Tally", "latency_ns"]

_LATEST = 1024


@dataclass(slots=True)
class Tally:
    """Counts inspections as they are added."""

    judgements: Counter[Judgement] = field(default_factory=Counter)
    by_truth: Counter[tuple[Judgement, Judgement]] = field(default_factory=Counter)
    """Keys are (truth, judgement)."""
    _latest: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_LATEST))

    @property
    def total(self) -> int:
        """Return the number of inspections."""
        return self.judgements.total()

    def add(self, inspection: Inspection, finished_ns: int) -> None:
        """Count one inspection that ended at `finished_ns` on the monotonic clock."""
        self.judgements[inspection.verdict.judgement] += 1
        if inspection.truth is not None:
            self.by_truth[inspection.truth, inspection.verdict.judgement] += 1
        self._latest.append((finished_ns, latency_ns(inspection, finished_ns)))

    def latencies_ns(self, since_ns: int) -> list[int]:
        """Return the time from capture to verdict of what ended after `since_ns`, at most 1,024."""
        return [latency for _, latency in self._after(since_ns)]

    def rate_hz(self, since_ns: int, now_ns: int) -> float:
        """Return inspections per second since `since_ns`."""
        recent = self._after(since_ns)
        begin_ns = since_ns if len(recent) < _LATEST else recent[-1][0]
        return len(recent) / max((now_ns - begin_ns) / 1e9, 1e-9)

    def _after(self, since_ns: int) -> list[tuple[int, int]]:
        return list(takewhile(lambda entry: entry[0] > since_ns, reversed(self._latest)))


def latency_ns(inspection: Inspection, finished_ns: int) -> int:
    """Return the time from capture to verdict; for recordings, without capture time, that of inspecting."""
    if inspection.captured_ns:
        return finished_ns - inspection.captured_ns
    return inspection.times.inspect_ns
