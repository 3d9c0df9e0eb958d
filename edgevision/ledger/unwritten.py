"""Results on their way to the disk: for milliseconds as a rule, for longer while the disk takes nothing.

Bounded. What has no room leaves nothing but its number and its count: first what the broker has got
already, then what it has not; OK before NG and ND each time, the oldest first. Not safe in threads.
"""

import time
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from edgevision.ledger.runs import Run, merged, run_of_one
from edgevision.ports import NewResult, OutboxRow
from edgevision.types import Judgement

__all__ = ["UNNUMBERED", "Group", "Unwritten", "UnwrittenResult"]

UNNUMBERED = 1 << 62
"""Row ids from here on are those of results whose sequence number is not known yet."""


@dataclass(frozen=True, slots=True)
class UnwrittenResult:
    """A result that has its number."""

    number: int
    """Counts the results of this start of the station from 1."""
    result: NewResult
    ticks_ns: int
    """Monotonic clock, when it came."""
    is_delivered: bool = False

    @property
    def rank(self) -> int:
        """0 for what can be done without most easily, 3 for what is dropped last."""
        return 2 * (not self.is_delivered) + (self.result.judgement is not Judgement.OK)

    def row(self, boot_id: str, sequence: int | None, *, is_saved: bool) -> OutboxRow:
        """Return the result as it waits in the outbox."""
        return OutboxRow(
            row_id=UNNUMBERED + self.number if sequence is None else sequence,
            topic=self.result.topic,
            payload=self.result.payload,
            judgement=self.result.judgement,
            age_ns=time.monotonic_ns() - self.ticks_ns,
            boot_id=boot_id,
            sequence=sequence,
            is_saved=is_saved,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """The oldest of it, to be written at once: everything up to the number `through`."""

    results: list[UnwrittenResult]
    runs: list[Run]
    through: int

    def after(self, number: int) -> "Group":
        """Return what comes after a number."""
        if not number:
            return self
        results = [each for each in self.results if each.number > number]
        return Group(results, [run for run in self.runs if run.first > number], self.through)


class Unwritten:
    """A queue in the order of the numbers."""

    def __init__(self, boot_id: str, max_results: int) -> None:
        """Begin with number 1."""
        self._boot_id = boot_id
        self._max_results = max_results
        self._results: dict[int, UnwrittenResult] = {}
        self._by_rank: tuple[dict[int, None], ...] = ({}, {}, {}, {})
        self._beginning: dict[int, Run] = {}
        self._ending: dict[int, Run] = {}
        self._held_through = 0
        self.last = 0
        """The newest number."""
        self.dropped = dict.fromkeys(Judgement, 0)
        """What was neither delivered nor written."""

    def __len__(self) -> int:
        """Return how many numbers are unwritten."""
        return len(self._results) + len(self._beginning)

    @property
    def waiting(self) -> int:
        """How many results the broker has not got."""
        return len(self._by_rank[2]) + len(self._by_rank[3])

    def add(self, result: NewResult, ticks_ns: int) -> int:
        """Take a result and return its number."""
        self.last += 1
        self._put(UnwrittenResult(self.last, result, ticks_ns))
        if len(self._results) > self._max_results:
            self._make_room()
        return self.last

    def deliver(self, number: int) -> bool:
        """Note that the broker has got a result; False when it is not here."""
        found = self._results.get(number)
        if found is not None:
            del self._by_rank[found.rank][number]
            self._put(replace(found, is_delivered=True))
        return found is not None

    def oldest_waiting(self, limit: int) -> list[UnwrittenResult]:
        """Return what the broker has not got, oldest first."""
        waiting = (each for each in self._results.values() if not each.is_delivered)
        return list(islice(waiting, limit))

    def group(self, limit: int) -> Group:
        """Return the oldest; they stay, and are not dropped, until `written` or `release`."""
        results = list(islice(self._results.values(), limit))
        is_all = len(results) == len(self._results)
        self._held_through = self.last if is_all else results[-1].number
        runs = sorted(self._runs_through(self._held_through), key=lambda run: run.first)
        return Group(results, merged(runs), self._held_through)

    def release(self) -> None:
        """Note that the group could not be written."""
        self._held_through = 0

    def written(self, through: int) -> None:
        """Forget everything up to a number: the disk has it."""
        self._held_through = 0
        for number in list(takewhile(lambda number: number <= through, self._results)):
            self._pop(number)
        for run in self._runs_through(through):
            self._remove(run)

    def _runs_through(self, number: int) -> list[Run]:
        return [run for run in self._beginning.values() if run.last <= number]

    def _put(self, result: UnwrittenResult) -> None:
        self._results[result.number] = result
        self._by_rank[result.rank][result.number] = None

    def _pop(self, number: int) -> UnwrittenResult:
        result = self._results.pop(number)
        del self._by_rank[result.rank][number]
        return result

    def _make_room(self) -> None:
        ranked = (number for rank in self._by_rank for number in rank)
        gone = self._pop(next(number for number in ranked if number > self._held_through))
        judgement = gone.result.judgement
        self.dropped[judgement] += not gone.is_delivered
        state = "delivered" if gone.is_delivered else "dropped"
        self._let_go(run_of_one(gone.number, self._boot_id, judgement, state))

    def _let_go(self, run: Run) -> None:
        """Keep a run's counts, as one with its neighbours unless those are being written."""
        before, after = self._ending.get(run.first - 1), self._beginning.get(run.last + 1)
        if before is not None and before.last > self._held_through:
            self._remove(before)
            run = before.joined(run)
        if after is not None:
            self._remove(after)
            run = run.joined(after)
        self._beginning[run.first] = self._ending[run.last] = run

    def _remove(self, run: Run) -> None:
        del self._beginning[run.first], self._ending[run.last]
