"""The books of a triggered camera: how many triggers came and what became of them. Pure bookkeeping.

Whoever shares one guards it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from edgevision.types import Inspected, Judgement

__all__ = ["LATE", "Books", "TriggerCounts"]

LATE = "deadline"
"""Code of the reason for a verdict that was not there in time."""


@dataclass(frozen=True, slots=True)
class TriggerCounts:
    """Counts since the start: `triggers = ok + ng + nd + pending`, in every copy."""

    triggers: int = 0
    """Accepted."""
    ok: int = 0
    ng: int = 0
    nd: int = 0
    pending: int = 0
    """Accepted, and the verdict is not committed yet."""
    triggers_refused: int = 0
    triggers_late: int = 0
    """Of `nd`: answered at their deadline while the inspection was still going on."""


@dataclass(slots=True)
class Books:
    """Counts what happens to triggers."""

    accepted: int = 0
    refused: int = 0
    late: int = 0
    _judged: Counter[Judgement] = field(default_factory=Counter)

    @property
    def pending(self) -> int:
        """How many accepted triggers have no committed verdict."""
        return self.accepted - self._judged.total()

    def commit(self, batch: Iterable[Inspected]) -> None:
        """Count verdicts."""
        for inspected in batch:
            verdict = inspected.inspection.verdict
            self._judged[verdict.judgement] += 1
            self.late += any(reason.code == LATE for reason in verdict.reasons)

    def counts(self) -> TriggerCounts:
        """Return a copy."""
        return TriggerCounts(
            triggers=self.accepted,
            ok=self._judged[Judgement.OK],
            ng=self._judged[Judgement.NG],
            nd=self._judged[Judgement.ND],
            pending=self.pending,
            triggers_refused=self.refused,
            triggers_late=self.late,
        )
