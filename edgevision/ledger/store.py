"""The journal's file: an SQLite database in WAL mode, and every statement on it.

Used by one thread at a time. Knows nothing of threads, groups or brokers.

Each result has a sequence number that grows by one and never has a gap, over restarts too.
A result that had to be dropped keeps its number and loses its payload.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from edgevision.errors import LedgerError
from edgevision.ports import NewResult, OutboxRow
from edgevision.types import Judgement

__all__ = ["Store"]

_VERSION = 1
_SCHEMA = """
CREATE TABLE boots (
    boot_id TEXT PRIMARY KEY,
    started_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE results (
    sequence INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL REFERENCES boots,
    topic TEXT NOT NULL,
    judgement TEXT NOT NULL,
    committed_ns INTEGER NOT NULL,
    payload BLOB,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dropped')),
    ended_ns INTEGER
) STRICT;
CREATE INDEX waiting ON results (sequence) WHERE state = 'waiting';
"""


class Store:
    """An open journal. Every method may raise LedgerError."""

    def __init__(self, path: Path, boot_id: str) -> None:
        """Open or create the file and note this start of the program."""
        self._path = path
        self._boot_id = boot_id
        with self._translated("be opened"):
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare()

    def append(self, results: Sequence[NewResult]) -> None:
        """Commit results in one transaction; they are on the disk when this returns."""
        with self._transaction("take results"):
            first = self._number("SELECT coalesce(max(sequence), 0) + 1 FROM results")
            self._database.executemany(
                "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, 'waiting', NULL)",
                [
                    (number, self._boot_id, each.topic, each.judgement, each.committed_ns, each.payload)
                    for number, each in enumerate(results, start=first)
                ],
            )

    def deliver(self, sequence: int) -> None:
        """Note that the broker has acknowledged a result."""
        with self._transaction("note a delivery"):
            self._database.execute(
                "UPDATE results SET state = 'delivered', ended_ns = ? "
                "WHERE sequence = ? AND state = 'waiting'",
                (time.time_ns(), sequence),
            )

    def drop_waiting(self, excess: int) -> None:
        """Drop so many waiting results, OK first and oldest first; their numbers stay."""
        with self._transaction("drop results"):
            self._database.execute(
                "UPDATE results SET state = 'dropped', ended_ns = ?, payload = NULL WHERE sequence IN ("
                "SELECT sequence FROM results WHERE state = 'waiting' "
                "ORDER BY judgement != 'OK', sequence LIMIT ?)",
                (time.time_ns(), excess),
            )

    def forget_before(self, committed_ns: int) -> None:
        """Delete the oldest results, up to the first that waits; the newest keeps the count going."""
        with self._transaction("forget old results"):
            self._database.execute(
                "DELETE FROM results WHERE committed_ns < ? "
                "AND sequence < (SELECT max(sequence) FROM results) AND sequence < "
                "(SELECT coalesce(min(sequence), 1 << 62) FROM results WHERE state = 'waiting')",
                (committed_ns,),
            )

    def pending(self, limit: int) -> list[OutboxRow]:
        """Return the oldest waiting results."""
        with self._translated("be read"):
            rows = self._database.execute(
                "SELECT sequence, topic, payload, judgement, committed_ns FROM results "
                "WHERE state = 'waiting' ORDER BY sequence LIMIT ?",
                (limit,),
            ).fetchall()
        return [OutboxRow(row[0], row[1], row[2], Judgement(row[3]), row[4]) for row in rows]

    @property
    def waiting(self) -> int:
        """How many results the broker has not acknowledged."""
        with self._translated("be read"):
            return self._number("SELECT count(*) FROM results WHERE state = 'waiting'")

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._database.close()

    def _prepare(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._database.execute(f"PRAGMA {pragma}")
        found = self._number("PRAGMA user_version")
        if found not in {0, _VERSION}:
            raise LedgerError(
                f"{self._path}: expected a ledger of version {_VERSION}, got {found}; "
                "use the program that wrote it, or move the file away"
            )
        if found == 0:
            self._database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        self._database.execute("INSERT INTO boots VALUES (?, ?)", (self._boot_id, time.time_ns()))

    def _number(self, query: str) -> int:
        return int(self._database.execute(query).fetchone()[0])

    @contextmanager
    def _transaction(self, what: str) -> Iterator[None]:
        with self._translated(what):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self._path}: the ledger cannot {what}: {error}; check the disk's space and rights"
            ) from error
