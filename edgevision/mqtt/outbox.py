"""The outbox in memory: bounded, and honest about what it drops. It does not survive the process."""

import threading
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import count, islice

from edgevision.ports import NewResult, OutboxRow
from edgevision.types import Judgement

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """Results that the broker has not acknowledged, oldest first. Safe in many threads.

    When it is full the oldest OK result is dropped, and an NG or ND only when nothing else is
    left; every drop is counted. One that was on its way to the broker is lost only if it does not
    arrive: until that is known it still counts as waiting.
    """

    def __init__(
        self,
        max_rows: int,
        boot_id: str | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Hold at most `max_rows` results; `boot_id` names this start of the program."""
        self._max_rows = max_rows
        self._boot_id = boot_id
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._ids = count(1)
        self._rows: dict[int, tuple[OutboxRow, int]] = {}
        self._ok_ids: dict[int, None] = {}
        self._shown: frozenset[int] = frozenset()
        self._leaving: dict[int, Judgement] = {}
        self._dropped = dict.fromkeys(Judgement, 0)

    @property
    def depth(self) -> int:
        """How many rows wait, or are gone but may still arrive."""
        return len(self._rows) + len(self._leaving)

    @property
    def dropped(self) -> dict[Judgement, int]:
        """How many results were lost since the start because there was no room."""
        return self._dropped

    def append(self, results: Sequence[NewResult], on_safe: Callable[[], None]) -> None:
        """Take results; they are at once as safe as this outbox makes them."""
        with self._lock:
            for result in results:
                self._take(result)
        on_safe()

    def _take(self, result: NewResult) -> None:
        number = next(self._ids)
        row = OutboxRow(number, result.topic, result.payload, result.judgement, 0, self._boot_id, number)
        self._rows[number] = row, self._now_ns()
        if row.judgement is Judgement.OK:
            self._ok_ids[number] = None
        if len(self._rows) > self._max_rows:
            self._drop(next(iter(self._ok_ids), None) or next(iter(self._rows)))

    def pending(self, limit: int, without: AbstractSet[int] = frozenset()) -> Sequence[OutboxRow]:
        """Return the oldest waiting rows `without` those of the given ids, in the order of appending.

        What is neither returned nor among the given ids is not on its way.
        """
        with self._lock:
            wanted = (kept for row_id, kept in self._rows.items() if row_id not in without)
            oldest = list(islice(wanted, limit))
            self._shown = frozenset(without) | {row.row_id for row, _ in oldest}
            for row_id in self._leaving.keys() - without:
                self._dropped[self._leaving.pop(row_id)] += 1
        now_ns = self._now_ns()
        return [replace(row, age_ns=now_ns - taken_ns) for row, taken_ns in oldest]

    def delivered(self, row_id: int) -> None:
        """Forget a row that the broker has acknowledged; unknown ids are ignored."""
        with self._lock:
            self._rows.pop(row_id, None)
            self._ok_ids.pop(row_id, None)
            self._leaving.pop(row_id, None)

    def _drop(self, row_id: int) -> None:
        row, _ = self._rows.pop(row_id)
        self._ok_ids.pop(row_id, None)
        if row_id in self._shown:
            self._leaving[row_id] = row.judgement
        else:
            self._dropped[row.judgement] += 1
