"""The ledger: results are on the disk before anyone is told of them, and stay until acknowledged.

One thread writes; whoever appends waits for it, and results that arrive meanwhile, of other cameras
too, share the next commit (group commit), so that a slow disk costs latency and not throughput.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from edgevision.errors import LedgerError
from edgevision.health import Beat, unwatched
from edgevision.ledger.store import Store
from edgevision.ports import NewResult, OutboxRow

__all__ = ["Ledger"]

_GROUP = 256
_FORGET_EVERY_S = 600.0
_IDLE_S = 1.0


class Ledger:
    """An `Outbox` on disk. Safe in many threads."""

    def __init__(
        self,
        path: Path,
        boot_id: str,
        *,
        max_waiting: int,
        keep_days: float = 30.0,
        beat: Beat = unwatched,
    ) -> None:
        """Open the file and start the writer.

        Args:
            path: The file; made where it is missing.
            boot_id: Names this start of the program.
            max_waiting: So many results wait for the broker at most; more drop the oldest OK first.
            keep_days: How long results stay that do not wait any more.
            beat: Called by the writer on each of its rounds.

        Raises:
            LedgerError: the file cannot be opened, or is none of ours.
        """
        self._store = Store(path, boot_id)
        self._max_waiting = max_waiting
        self._beat = beat
        self._keep_ns = round(keep_days * 86_400e9)
        self._forget_at_s = 0.0
        self._lock = threading.Lock()
        self._dropped = 0
        self._depth = self._store.waiting
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._writer.start()

    @property
    def depth(self) -> int:
        """How many results wait for the broker."""
        return self._depth

    @property
    def dropped(self) -> int:
        """How many results were dropped since the start because too many waited."""
        return self._dropped

    def append(self, results: Sequence[NewResult]) -> None:
        """Commit results; they are on the disk when this returns.

        Raises:
            LedgerError: they could not be written.
        """
        job = _Job(results)
        self._jobs.put(job)
        job.done.result()

    def pending(self, limit: int) -> Sequence[OutboxRow]:
        """Return the oldest waiting results, in the order of committing."""
        with self._lock:
            return self._store.pending(limit)

    def delivered(self, row_id: int) -> None:
        """Note that the broker has acknowledged a result; unknown ids are ignored."""
        with self._lock:
            self._store.deliver(row_id)
            self._depth = self._store.waiting

    def close(self) -> None:
        """Finish what was begun and close the file; safe to call twice."""
        self._jobs.put(None)
        self._writer.join()
        self._store.close()

    def _write(self) -> None:
        while (jobs := self._next_group()) is not None:
            _settle(jobs, self._commit)

    def _next_group(self) -> "list[_Job] | None":
        group = [self._next_job()]
        while len(group) < _GROUP and group[-1] is not None and not self._jobs.empty():
            group.append(self._jobs.get())
        jobs = [job for job in group if job is not None]
        if group[-1] is None:
            if not jobs:
                return None
            self._jobs.put(None)
        return jobs

    def _next_job(self) -> "_Job | None":
        while True:
            self._beat()
            try:
                return self._jobs.get(timeout=_IDLE_S)
            except queue.Empty:
                continue

    def _commit(self, results: Sequence[NewResult]) -> None:
        with self._lock:
            self._store.append(results)
            self._depth = self._store.waiting
            self._keep_bounds()

    def _keep_bounds(self) -> None:
        excess = self._depth - self._max_waiting
        if excess > 0:
            self._store.drop_waiting(excess)
            self._dropped += excess
            self._depth -= excess
        now_s = time.monotonic()
        if now_s >= self._forget_at_s:
            self._store.forget_before(time.time_ns() - self._keep_ns)
            self._forget_at_s = now_s + _FORGET_EVERY_S


class _Job:
    """Results of one caller, and its waiting for them."""

    def __init__(self, results: Sequence[NewResult]) -> None:
        self.results = results
        self.done: Future[None] = Future()


def _settle(jobs: Sequence[_Job], commit: Callable[[Sequence[NewResult]], None]) -> None:
    """Commit all in one group and wake the callers, or tell each what went wrong."""
    try:
        commit([result for job in jobs for result in job.results])
    except LedgerError as error:
        for job in jobs:
            job.done.set_exception(error)
    else:
        for job in jobs:
            job.done.set_result(None)
