"""Reads a ledger for people and audits, also while a station writes it. Never changes it.

Whether its books balance is `books`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgevision.errors import LedgerError
from edgevision.ledger.books import Books, read_books
from edgevision.paths import FILE, found_at
from edgevision.types import Judgement

__all__ = ["LedgerReader", "LedgerRow"]

_ROWS = """
SELECT * FROM (
    SELECT sequence, boot_id, topic, judgement, committed_ns, state, ended_ns, payload
    FROM results ORDER BY sequence DESC LIMIT ?
) ORDER BY sequence
"""


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
    """`waiting` or `delivered`."""
    delivered_ns: int | None
    """UTC; None while it waits."""
    payload: bytes
    """The result message as JSON."""


class LedgerReader:
    """An open ledger, to read. Every method may raise LedgerError."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._path = path
        if (found := found_at(path)) != FILE:
            raise LedgerError(
                f"{path}: expected a ledger, found {found}; see ledger.path in the station file"
            )
        with self._translated():
            self._database = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
            )
            self._database.execute("SELECT first FROM runs LIMIT 1").fetchone()

    def rows(self, newest: int | None = None) -> Iterator[LedgerRow]:
        """Yield results in order: all, or only the newest so many."""
        with self._translated():
            for row in self._database.execute(_ROWS, (-1 if newest is None else newest,)):
                yield LedgerRow(row[0], row[1], row[2], Judgement(row[3]), *row[4:])

    def books(self) -> Books:
        """Count everything in one state of the file, and look for gaps and damage."""
        with self._translated():
            self._database.execute("BEGIN")
            try:
                return read_books(self._database)
            finally:
                self._database.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self._path}: the ledger cannot be read: {error}; is it a ledger, and may it be read?"
            ) from error
