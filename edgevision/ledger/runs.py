"""Runs of consecutive numbers whose messages the ledger does not hold any more: only counts are left.

However much is forgotten or dropped, the books still balance and take no more room than what is kept:
there is at most one run between two results that are kept. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from edgevision.types import Judgement

__all__ = ["COUNTS", "Run", "merged", "run_of_one"]

COUNTS = tuple((state, judgement) for state in ("delivered", "dropped") for judgement in Judgement)
"""What the counts of a run count: how its results ended, and what they said."""


@dataclass(frozen=True, slots=True)
class Run:
    """The results `first` to `last` of one start of the station."""

    first: int
    last: int
    boot_id: str
    counts: tuple[int, ...]
    """As `COUNTS`; their sum is the length of the run."""

    def is_followed_by(self, other: "Run") -> bool:
        """Return whether the two are one run."""
        return self.last + 1 == other.first and self.boot_id == other.boot_id

    def joined(self, other: "Run") -> "Run":
        """Return both as one; `other` follows."""
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        return Run(self.first, other.last, self.boot_id, counts)

    def moved(self, distance: int) -> "Run":
        """Return the run with larger numbers."""
        return replace(self, first=self.first + distance, last=self.last + distance)


def run_of_one(number: int, boot_id: str, judgement: Judgement, state: str) -> Run:
    """Return the run of a single result that ended as `state`: delivered or dropped."""
    return Run(number, number, boot_id, tuple(int(kind == (state, judgement)) for kind in COUNTS))


def merged(runs: Iterable[Run]) -> list[Run]:
    """Return as few runs as possible for these, which are in order."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1].is_followed_by(run):
            found[-1] = found[-1].joined(run)
        else:
            found.append(run)
    return found
