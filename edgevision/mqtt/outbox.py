"""The outbox in memory: bounded, and honest about what it drops. It does not survive the process."""

import threading
from collections.abc import Sequence
from itertools import count, islice

from edgevision.ports import NewResult, OutboxRow
from edgevision.types import Judgement

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """Results that the broker has not acknowledged, oldest first. Safe in many threads.

    When it is full the oldest OK result is dropped, and an NG or ND only when nothing else is
    left; every drop is counted.
    """

    def __init__(self, max_rows: int) -> None:
        """Hold at most `max_rows` results."""
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self._ids = count(1)
        self._rows: dict[int, OutboxRow] = {}
        self._ok_ids: dict[int, None] = {}
        self._dropped = 0

    @property
    def depth(self) -> int:
        """How many rows wait."""
        return len(self._rows)

    @property
    def dropped(self) -> int:
        """How many results were lost since the start because there was no room."""
        return self._dropped

    def append(self, results: Sequence[NewResult]) -> None:
        """Take results."""
        with self._lock:
            for result in results:
                self._take(result)

    def _take(self, result: NewResult) -> None:
        row = OutboxRow(next(self._ids), result.topic, result.payload, result.judgement, result.committed_ns)
        self._rows[row.row_id] = row
        if row.judgement is Judgement.OK:
            self._ok_ids[row.row_id] = None
        if len(self._rows) > self._max_rows:
            self._forget(next(iter(self._ok_ids), None) or next(iter(self._rows)))
            self._dropped += 1

    def pending(self, limit: int) -> Sequence[OutboxRow]:
        """Return the oldest waiting rows, in the order of committing."""
        with self._lock:
            return list(islice(self._rows.values(), limit))

    def delivered(self, row_id: int) -> None:
        """Forget a row that the broker has acknowledged; unknown ids are ignored."""
        with self._lock:
            self._forget(row_id)

    def _forget(self, row_id: int) -> None:
        self._rows.pop(row_id, None)
        self._ok_ids.pop(row_id, None)
