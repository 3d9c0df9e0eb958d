"""What the ledger's file holds: results with their numbers, the runs that count those let go, the starts.

Each result has a sequence number that grows by one and never has a gap, over restarts too. What became
of it says its row, or the run that counts it. Each start of the station keeps a count of its own beside
them, so that the books can be proved. When to write, and what if that fails, is not decided here.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from itertools import islice
from pathlib import Path

from edgevision.ledger.database import Database
from edgevision.ledger.room import Room, add_run
from edgevision.ledger.runs import COUNTS, Run
from edgevision.ledger.unwritten import UnwrittenResult
from edgevision.ports import OutboxRow
from edgevision.types import Judgement

__all__ = ["Store"]

_DELIVER = "UPDATE results SET state = 'delivered', ended_ns = ? WHERE sequence = ? AND state = 'waiting'"
_WAITING = "SELECT sequence FROM results WHERE state = 'waiting' ORDER BY sequence"
_ROWS = """
SELECT sequence, topic, payload, judgement, boot_id, committed_ns, ticks_ns FROM results
WHERE sequence IN (SELECT value FROM json_each(?)) AND state = 'waiting' ORDER BY sequence
"""
"""One statement however many numbers: SQLite keeps each text of a statement prepared."""


class Store:
    """An open ledger. Every method may raise LedgerError, and DamagedLedger when the file is broken.

    One thread writes; `pending` may be called by another one and does not wait for it.
    """

    def __init__(self, path: Path, boot_id: str) -> None:
        """Open or create the file; raises ForeignLedger for one of another version."""
        self._boot_id = boot_id
        self._started_ns = time.monotonic_ns()
        self._database = Database(path)
        self.room = Room(self._database)

    @property
    def last(self) -> int:
        """The newest number; 0 without any."""
        rows = self._database.number("SELECT coalesce(max(sequence), 0) FROM results")
        return max(rows, self._database.number("SELECT coalesce(max(last), 0) FROM runs"))

    @property
    def waiting(self) -> int:
        """How many results the broker has not acknowledged; counts them."""
        return self._database.number("SELECT count(*) FROM results WHERE state = 'waiting'")

    def write(
        self, base: int, results: Sequence[UnwrittenResult], runs: Sequence[Run], delivered: Sequence[int]
    ) -> int:
        """Commit in one transaction; it is on the disk when this returns.

        Args:
            base: Number n of this start has the sequence number `base` + n.
            results: New ones.
            runs: Results let go before they were written, with numbers as in `results`.
            delivered: Sequence numbers of older results that the broker has acknowledged.

        Returns:
            How many of `delivered` were waiting.
        """
        with self._database.transaction("take results") as database:
            if results or runs:
                database.execute(
                    "INSERT INTO boots VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
                    "SET ok = ok + excluded.ok, ng = ng + excluded.ng, nd = nd + excluded.nd",
                    (self._boot_id, time.time_ns(), *_count(results, runs)),
                )
            database.executemany(
                "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [self._row(base, each) for each in results],
            )
            for run in runs:
                add_run(database, run.moved(base))
            ended_ns = time.time_ns()
            found = database.executemany(_DELIVER, [(ended_ns, sequence) for sequence in delivered])
            return found.rowcount

    def check(self) -> None:
        """Look for damage that would come to light at the next start only; for the thread that writes."""
        self._database.check()

    def pending(self, limit: int, without: AbstractSet[int] = frozenset()) -> list[OutboxRow]:
        """Return the oldest waiting results but some, of which nothing is read."""
        with self._database.translated("be read"):
            reading = self._database.reading
            with closing(reading.execute(_WAITING)) as waiting:
                numbers = (number for (number,) in waiting if number not in without)
                wanted = list(islice(numbers, limit))
            rows = reading.execute(_ROWS, (json.dumps(wanted),)).fetchall()
        return [
            OutboxRow(row[0], row[1], row[2], Judgement(row[3]), self._age_ns(*row[4:]), row[4], row[0])
            for row in rows
        ]

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._database.close()

    def _row(self, base: int, each: UnwrittenResult) -> tuple[object, ...]:
        result, sequence = each.result, base + each.number
        state, ended_ns = ("delivered", time.time_ns()) if each.is_delivered else ("waiting", None)
        kept = (result.topic, result.judgement, result.committed_ns, each.ticks_ns)
        return (sequence, self._boot_id, *kept, state, ended_ns, result.payload)

    def _age_ns(self, boot_id: str, committed_ns: int, ticks_ns: int) -> int:
        """How long a result has waited: by the monotonic clock, which only its own start shares."""
        now_ns = time.monotonic_ns()
        if boot_id == self._boot_id:
            return now_ns - ticks_ns
        return max(time.time_ns() - committed_ns, now_ns - self._started_ns)


def _count(results: Sequence[UnwrittenResult], runs: Sequence[Run]) -> list[int]:
    """Return how many are OK, NG and ND."""
    counts = Counter(each.result.judgement for each in results)
    for run in runs:
        for (_, judgement), number in zip(COUNTS, run.counts, strict=True):
            counts[judgement] += number
    return [counts[judgement] for judgement in Judgement]
