"""Reads a ledger for people and audits, also while a station writes it. Never changes it."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgevision.errors import LedgerError
from edgevision.types import Judgement

__all__ = ["Books", "LedgerReader", "LedgerRow"]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One result of the ledger."""

    sequence: int
    boot_id: str
    """The start of the program that wrote it."""
    topic: str
    judgement: Judgement
    committed_ns: int
    """UTC."""
    state: str
    """`waiting`, `delivered` or `dropped`."""
    payload: bytes | None
    """The result message as JSON; None when it was dropped."""


@dataclass(frozen=True, slots=True)
class Books:
    """What a ledger holds, and whether it adds up."""

    first: int
    last: int
    """Sequence numbers of the oldest and the newest result; 0 without any."""
    boots: int
    counts: dict[tuple[Judgement, str], int]
    """Judgement and state → how many results."""
    problems: tuple[str, ...]
    """What does not add up, as sentences."""

    @property
    def total(self) -> int:
        """How many results there are."""
        return sum(self.counts.values())


class LedgerReader:
    """An open ledger, to read. Every method may raise LedgerError."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._path = path
        if not path.is_file():
            raise LedgerError(
                f"{path}: expected a ledger, found no file; see ledger.path in the station file"
            )
        with self._translated():
            self._database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            self._database.execute("SELECT sequence FROM results LIMIT 1").fetchone()

    def rows(self, newest: int | None = None) -> Iterator[LedgerRow]:
        """Yield results in order: all, or only the newest so many."""
        with self._translated():
            after = 0
            if newest is not None:
                after = self._database.execute(
                    "SELECT coalesce(max(sequence), 0) - ? FROM results", (newest,)
                ).fetchone()[0]
            for row in self._database.execute(
                "SELECT sequence, boot_id, topic, judgement, committed_ns, state, payload FROM results "
                "WHERE sequence > ? ORDER BY sequence",
                (after,),
            ):
                yield LedgerRow(row[0], row[1], row[2], Judgement(row[3]), row[4], row[5], row[6])

    def books(self) -> Books:
        """Count everything, and look for gaps and damage."""
        with self._translated():
            counts: Counter[tuple[Judgement, str]] = Counter()
            for judgement, state, count in self._database.execute(
                "SELECT judgement, state, count(*) FROM results GROUP BY judgement, state"
            ):
                counts[Judgement(judgement), state] = count
            first, last = self._database.execute(
                "SELECT coalesce(min(sequence), 0), coalesce(max(sequence), 0) FROM results"
            ).fetchone()
            (boots,) = self._database.execute("SELECT count(*) FROM boots").fetchone()
            return Books(first, last, boots, dict(counts), tuple(self._problems()))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _problems(self) -> Iterator[str]:
        for (line,) in self._database.execute("PRAGMA integrity_check"):
            if line != "ok":
                yield f"the file is damaged: {line}"
        for before, after in self._database.execute(
            "SELECT sequence, following FROM (SELECT sequence, lead(sequence) OVER (ORDER BY sequence) "
            "AS following FROM results) WHERE following != sequence + 1"
        ):
            yield f"numbers {before + 1} to {after - 1} are missing"
        for (sequence,) in self._database.execute(
            "SELECT sequence FROM results WHERE (payload IS NULL) != (state = 'dropped') ORDER BY sequence"
        ):
            yield f"number {sequence} has lost its message without having been dropped"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self._path}: the ledger cannot be read: {error}; is it a ledger, and may it be read?"
            ) from error
