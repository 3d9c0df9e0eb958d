"""Counts of what was judged: totals, the table of truth against judgement, latency and rate.

Pure bookkeeping for the metrics message, the terminal and the end of a replay. A `Tally`
belongs to one thread; whoever shares one guards it.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

import numpy as np

from edgevision.types import Inspection, Judgement

__all__ = ["Latency", "Tally"]

_WINDOW = 1024
_RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of the latest durations, in milliseconds."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(slots=True)
class Tally:
    """Counts inspections as they are added."""

    judgements: Counter[Judgement] = field(default_factory=Counter)
    by_truth: Counter[tuple[Judgement, Judgement]] = field(default_factory=Counter)
    """Keys are (truth, judgement)."""
    _latencies_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    _finished_s: deque[float] = field(default_factory=lambda: deque(maxlen=_WINDOW))

    @property
    def total(self) -> int:
        """Return the number of inspections."""
        return self.judgements.total()

    @property
    def escapes(self) -> int:
        """Return how many defective parts were judged OK."""
        return self.by_truth[Judgement.NG, Judgement.OK]

    @property
    def knows_truth(self) -> bool:
        """Return whether any inspection carried the truth."""
        return bool(self.by_truth)

    def add(self, inspection: Inspection, finished_s: float, latency_ns: int) -> None:
        """Count one inspection that ended at `finished_s` on a monotonic clock."""
        self.judgements[inspection.verdict.judgement] += 1
        if inspection.truth is not None:
            self.by_truth[inspection.truth, inspection.verdict.judgement] += 1
        self._latencies_ns.append(latency_ns)
        self._finished_s.append(finished_s)

    def latency(self) -> Latency:
        """Return percentiles over the latest inspections; zeros before the first."""
        if not self._latencies_ns:
            return Latency(0.0, 0.0, 0.0)
        p50, p95, p99 = np.percentile(np.fromiter(self._latencies_ns, np.float64), [50, 95, 99]) / 1e6
        return Latency(float(p50), float(p95), float(p99))

    def rate_hz(self, now_s: float) -> float:
        """Return inspections per second over the last five seconds."""
        recent = [moment for moment in self._finished_s if now_s - moment <= _RATE_WINDOW_S]
        if len(recent) < 2:
            return 0.0
        return len(recent) / max(now_s - recent[0], 1e-9)
