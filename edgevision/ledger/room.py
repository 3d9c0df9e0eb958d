"""Makes room in the ledger's file: results leave it, and runs that count them stay.

First go results that the broker has got, oldest first; then waiting ones, OK before NG and ND, the
oldest first. When that is needed is decided in `disk`.
"""

import sqlite3
from collections import Counter
from typing import Any

from edgevision.ledger.database import Database
from edgevision.ledger.runs import Run, merged, run_of_one
from edgevision.types import Judgement

__all__ = ["Room", "add_run"]

_BATCH = 512

_USED_BYTES = """
SELECT (page_count - freelist_count) * page_size
FROM pragma_page_count, pragma_freelist_count, pragma_page_size
"""
_OLDEST_DELIVERED = """
SELECT sequence, boot_id, judgement, committed_ns FROM results
WHERE state = 'delivered' ORDER BY sequence LIMIT ?
"""
_OLDEST_OK = """
SELECT sequence, boot_id, judgement FROM results
WHERE state = 'waiting' AND judgement = 'OK' ORDER BY sequence LIMIT ?
"""
_OLDEST_WAITING = """
SELECT sequence, boot_id, judgement FROM results WHERE state = 'waiting' ORDER BY sequence LIMIT ?
"""


class Room:
    """The room in an open file. Every method may raise LedgerError."""

    def __init__(self, database: Database) -> None:
        """Use a database, in the writer's thread."""
        self._database = database

    @property
    def used_bytes(self) -> int:
        """What the file holds, without what has been freed and will be used again."""
        return self._database.number(_USED_BYTES)

    def forget(self, before_ns: int | None = None) -> int:
        """Let some of the oldest delivered results go; only those committed before a time (UTC), if given.

        Returns how many went, 0 when there are no more.
        """
        with self._database.transaction("forget old results") as database:
            rows = database.execute(_OLDEST_DELIVERED, (_BATCH,)).fetchall()
            if before_ns is not None:
                rows = [row for row in rows if row[3] < before_ns]
            _let_go(database, rows, "delivered")
        return len(rows)

    def drop(self) -> Counter[Judgement]:
        """Drop some of the waiting results; returns what they were, nothing when there are no more."""
        with self._database.transaction("drop results") as database:
            rows = database.execute(_OLDEST_OK, (_BATCH,)).fetchall()
            rows = rows or database.execute(_OLDEST_WAITING, (_BATCH,)).fetchall()
            _let_go(database, rows, "dropped")
        return Counter(Judgement(row[2]) for row in rows)


def _let_go(database: sqlite3.Connection, rows: list[tuple[Any, ...]], state: str) -> None:
    database.executemany("DELETE FROM results WHERE sequence = ?", [row[:1] for row in rows])
    for run in merged(run_of_one(row[0], row[1], Judgement(row[2]), state) for row in rows):
        add_run(database, run)


def add_run(database: sqlite3.Connection, run: Run) -> None:
    """Note a run, as one with its neighbours; part of a transaction."""
    before = _run(database.execute("SELECT * FROM runs WHERE last = ?", (run.first - 1,)))
    if before is not None and before.is_followed_by(run):
        run = before.joined(run)
    after = _run(database.execute("SELECT * FROM runs WHERE first = ?", (run.last + 1,)))
    if after is not None and run.is_followed_by(after):
        run = run.joined(after)
    database.execute("DELETE FROM runs WHERE first BETWEEN ? AND ?", (run.first, run.last))
    database.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (run.first, run.last, run.boot_id, *run.counts)
    )


def _run(found: sqlite3.Cursor) -> Run | None:
    row = found.fetchone()
    return None if row is None else Run(row[0], row[1], row[2], tuple(row[3:]))
