"""The books of a ledger: what became of every number, and whether it all adds up.

Two counts are compared that were kept apart: what each start of the station counted while it committed,
and what the results and runs in the file say.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgevision.errors import DamagedResult
from edgevision.ledger.payload import read_message
from edgevision.ledger.runs import COUNTS
from edgevision.types import Judgement

__all__ = ["Books", "Boot", "read_books"]

_RUNS = """
SELECT boot_id, sum(delivered_ok), sum(delivered_ng), sum(delivered_nd),
    sum(dropped_ok), sum(dropped_ng), sum(dropped_nd)
FROM runs GROUP BY boot_id
"""
_GAPS = """
SELECT last, following FROM (SELECT last, lead(first) OVER (ORDER BY first) AS following FROM spans)
WHERE following != last + 1
"""

Counts = Mapping[tuple[str, Judgement], int]
"""(`waiting`, `delivered` or `dropped`, judgement) → how many results."""


@dataclass(frozen=True, slots=True)
class Boot:
    """One start of the station."""

    boot_id: str
    committed: Mapping[Judgement, int]
    """What it counted when it committed."""
    counts: Counts
    """What is found in the file."""

    @property
    def total(self) -> int:
        """How many results it committed."""
        return sum(self.committed.values())

    def count(self, state: str) -> int:
        """How many results found in the file are in a state."""
        return sum(count for (each, _), count in self.counts.items() if each == state)


@dataclass(frozen=True, slots=True)
class Books:
    """What a ledger holds, and whether it adds up."""

    first: int
    last: int
    """Sequence numbers of the oldest and the newest result; 0 without any."""
    kept: int
    """Results that the file still holds; of the others only the count is left."""
    boots: tuple[Boot, ...]
    """In the order of starting."""
    problems: tuple[str, ...]
    """What does not add up, as sentences."""

    @property
    def counts(self) -> Counts:
        """What became of all results."""
        total: Counter[tuple[str, Judgement]] = Counter()
        for boot in self.boots:
            total.update(boot.counts)
        return total

    @property
    def total(self) -> int:
        """How many results there were."""
        return sum(self.counts.values())


def read_books(database: sqlite3.Connection) -> Books:
    """Read the books of an open ledger; raises SQLite's errors."""
    first, last = database.execute(
        "SELECT coalesce(min(first), 0), coalesce(max(last), 0) FROM spans"
    ).fetchone()
    (kept,) = database.execute("SELECT count(*) FROM results").fetchone()
    boots = _boots(database)
    numbers = last - first + 1 if last else 0
    problems = (*_damage(database), *_gaps(database), *_imbalances(boots, numbers), *_unreadable(database))
    return Books(first, last, kept, boots, problems)


def _boots(database: sqlite3.Connection) -> tuple[Boot, ...]:
    found: dict[str, Counter[tuple[str, Judgement]]] = {}
    for boot_id, state, judgement, count in database.execute(
        "SELECT boot_id, state, judgement, count(*) FROM results GROUP BY boot_id, state, judgement"
    ):
        found.setdefault(boot_id, Counter())[state, Judgement(judgement)] += count
    for boot_id, *counts in database.execute(_RUNS):
        found.setdefault(boot_id, Counter()).update(dict(zip(COUNTS, counts, strict=True)))
    committed = {
        row[0]: dict(zip(Judgement, row[1:], strict=True))
        for row in database.execute("SELECT boot_id, ok, ng, nd FROM boots ORDER BY rowid")
    }
    names = [*committed, *(name for name in found if name not in committed)]
    nothing = dict.fromkeys(Judgement, 0)
    return tuple(Boot(name, committed.get(name, nothing), found.get(name, Counter())) for name in names)


def _damage(database: sqlite3.Connection) -> Iterator[str]:
    for (line,) in database.execute("PRAGMA integrity_check"):
        if line != "ok":
            yield f"the file is damaged: {line}"


def _gaps(database: sqlite3.Connection) -> Iterator[str]:
    for before, after in database.execute(_GAPS):
        if after > before:
            yield f"numbers {before + 1} to {after - 1} are missing"
        else:
            yield f"numbers {after} to {before} are there twice"


def _imbalances(boots: tuple[Boot, ...], numbers: int) -> Iterator[str]:
    for boot in boots:
        for judgement in Judgement:
            there = sum(count for (_, kind), count in boot.counts.items() if kind is judgement)
            if there != boot.committed[judgement]:
                yield (
                    f"start {boot.boot_id} committed {boot.committed[judgement]} {judgement} results, "
                    f"and {there} are accounted for"
                )
    accounted = sum(sum(boot.counts.values()) for boot in boots)
    if accounted != numbers:
        yield f"there are {numbers} numbers and {accounted} results"


def _unreadable(database: sqlite3.Connection) -> Iterator[str]:
    for sequence, payload in database.execute("SELECT sequence, payload FROM results ORDER BY sequence"):
        try:
            read_message(sequence, payload)
        except DamagedResult as damage:
            yield str(damage)
