"""Reads a ledger for people and audits, also while a station writes it. Never changes it.

Whether its books balance is `books`. SQLite makes a file `-shm` beside a ledger even to read it; where
nothing can be written, a ledger without a `-wal` beside it is read as one that nobody writes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgevision.errors import LedgerError
from edgevision.ledger.books import Books, read_books
from edgevision.paths import FILE, NOTHING, found_at
from edgevision.types import Judgement

__all__ = ["LedgerReader", "LedgerRow"]

_ROWS = """
SELECT * FROM (
    SELECT sequence, boot_id, topic, judgement, committed_ns, state, ended_ns, payload
    FROM results ORDER BY sequence DESC LIMIT ?
) ORDER BY sequence
"""
_NOTHING_CAN_BE_MADE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
"""In a folder without the right to write, and on a medium that is mounted only to be read."""
_PRIMARY = 0xFF
"""Of an error code; the other bits are details."""


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
            self._database = _opened(path)

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
        except (sqlite3.Error, ValueError) as error:
            raise LedgerError(
                f"{self._path}: the ledger cannot be read: {error}; is it a ledger, and may it be read?"
            ) from error


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _connected(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & _PRIMARY not in _NOTHING_CAN_BE_MADE:
            raise
        file = path.resolve()
        wal = file.with_name(f"{file.name}-wal")
        if found_at(wal) != NOTHING:
            raise LedgerError(
                f"{path}: cannot be read here: {error}; {wal.name} beside it holds its newest results: "
                "copy both into a folder that can be written, and read the copy"
            ) from error
        return _connected(path, "mode=ro&immutable=1")


def _connected(path: Path, how: str) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)
    try:
        database.execute("SELECT first FROM runs LIMIT 1").fetchone()
    except sqlite3.Error:
        database.close()
        raise
    return database
