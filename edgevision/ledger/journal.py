"""The ledger: results are on the disk before anyone is told of them, and stay until acknowledged.

Whoever appends never waits: one thread writes, and what arrives meanwhile, of other cameras too, shares
the next commit (group commit), as do the acknowledgements. A commit costs the same whatever it holds, so
one after a pause is made at once and those of a fast line are spaced. While the disk takes nothing, results
are delivered from memory as far as there is room, and written with their numbers when it is back.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from edgevision.health import FOR_EVER_S, Beat, unwatched
from edgevision.ledger.acknowledged import Acknowledged
from edgevision.ledger.disk import Disk
from edgevision.ledger.unwritten import UNNUMBERED, Unwritten, UnwrittenResult
from edgevision.ports import NewResult, OutboxRow
from edgevision.types import Judgement

__all__ = ["Ledger"]

_log = logging.getLogger(__name__)

_COMMIT_EVERY_S = 0.03
"""At the most."""
_GROUP = 256
_TIDY_EVERY_S = 60.0
_IDLE_S = 1.0


class Ledger:
    """An `Outbox` on disk. Safe in many threads."""

    def __init__(
        self,
        path: Path,
        boot_id: str,
        *,
        max_bytes: int,
        keep_days: float = 30.0,
        max_unwritten: int = 10_000,
        beat: Beat = unwatched,
    ) -> None:
        """Open the file, if it can be used now, and start the writer.

        Args:
            path: The file; made where it is missing.
            boot_id: Names this start of the program.
            max_bytes: The file holds so much at most: see `room` for what makes room.
            keep_days: How long results stay that the broker has acknowledged.
            max_unwritten: So many results are kept in memory at most while the disk takes none.
            beat: Called by the writer on each of its rounds.

        Raises:
            ForeignLedger: the file is of another version, or another process writes it.
        """
        self._path = path
        self._boot_id = boot_id
        self._beat = beat
        self._disk = Disk(path, boot_id, max_bytes=max_bytes, keep_days=keep_days, beat=beat)
        self._work = threading.Condition()
        self._unwritten = Unwritten(boot_id, max_unwritten)
        self._acknowledged = Acknowledged()
        self._hooks: deque[tuple[int, Callable[[], None]]] = deque()
        self._depth = self._disk.waiting
        self._due_s = self._tidy_at_s = time.monotonic()
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._writer.start()

    @property
    def depth(self) -> int:
        """How many results the broker has not acknowledged."""
        return self._depth

    @property
    def dropped(self) -> dict[Judgement, int]:
        """How many results were lost since the start because there was no room."""
        return {kind: self._disk.dropped[kind] + self._unwritten.dropped[kind] for kind in Judgement}

    @property
    def failure(self) -> str:
        """Why the disk takes nothing at present; empty while all is well."""
        return self._disk.failure

    @property
    def damaged(self) -> list[Path]:
        """Damaged ledgers that were set aside beside this one and are still there."""
        return self._disk.damaged

    @property
    def is_held(self) -> bool:
        """Whether the disk still holds the writer: after `close`, nobody can close the file."""
        return self._writer.is_alive()

    def append(self, results: Sequence[NewResult], on_safe: Callable[[], None]) -> None:
        """Take results; `on_safe` is called when they are on the disk, or when the disk takes nothing."""
        ticks_ns = time.monotonic_ns()
        with self._work:
            for result in results:
                self._unwritten.add(result, ticks_ns)
            self._count()
            is_failing = bool(self.failure)
            if not is_failing:
                self._hooks.append((self._unwritten.last, on_safe))
            self._wake()
        if is_failing:
            on_safe()

    def pending(self, limit: int, without: AbstractSet[int] = frozenset()) -> Sequence[OutboxRow]:
        """Return the oldest waiting results `without` those of the given ids, in the order of committing."""
        with self._work:
            skipped = {self._known_id(row_id) for row_id in (*self._acknowledged, *without)}
        rows = [] if self._disk.is_stalled else self._disk.pending(limit, skipped)
        if self.failure:
            with self._work:
                unsaved = map(self._unsaved, self._unwritten.oldest_waiting(limit + len(skipped)))
                rows += [row for row in unsaved if row.row_id not in skipped]
                self._wake()
        return rows[:limit]

    def delivered(self, row_id: int) -> None:
        """Note that the broker has acknowledged a result; unknown ids are ignored."""
        with self._work:
            self._acknowledged.add(row_id)
            self._count()
            self._wake(self._acknowledged.due_s)

    def close(self, timeout_s: float | None = None) -> None:
        """Write what can be written and close the file, unless the disk takes longer; safe to call twice."""
        with self._work:
            self._closing.set()
            self._work.notify()
        self._writer.join(timeout_s)
        if self._writer.is_alive():
            _log.error("%s: the disk does not answer; what it was given last may be missing", self._path)
        else:
            self._disk.close()
        if len(self._unwritten):
            _log.error("%s: results not written before the end: %d", self._path, len(self._unwritten))

    def _write(self) -> None:
        self._serve()
        self._beat(FOR_EVER_S)

    def _serve(self) -> None:
        while self._is_due():
            next_s = time.monotonic() + _COMMIT_EVERY_S
            self._commit()
            if time.monotonic() >= self._tidy_at_s:
                self._tidy()
            self._closing.wait(max(0.0, next_s - time.monotonic()))
        while self._commit():
            pass

    def _is_due(self) -> bool:
        """Wait for something to do; False when the ledger is to be closed."""
        with self._work:
            while not self._closing.is_set():
                self._beat()
                due_s = max(min(self._due_s, self._tidy_at_s), self._disk.again_at_s)
                wait_s = due_s - time.monotonic()
                if wait_s <= 0:
                    return True
                self._work.wait(min(wait_s, _IDLE_S))
        return False

    def _commit(self) -> bool:
        """Write one group; True when it is written and more is waiting to be."""
        with self._work:
            self._due_s = math.inf
            noted = self._to_note()
            group = self._unwritten.group(_GROUP)
        is_written = self._disk.write(group, [self._known_id(row_id) for row_id in noted])
        with self._work:
            if is_written:
                self._unwritten.written(group.through)
                self._acknowledged.forget(noted)
            else:
                self._unwritten.release()
                self._acknowledged.retry()
            self._count()
            self._wake(self._acknowledged.due_s)
            if len(self._unwritten) or not is_written:
                self._wake()
            is_more = bool(len(self._unwritten) or len(self._acknowledged))
            hooks = self._hooks_through(group.through if is_written else self._unwritten.last)
        for hook in hooks:
            hook()
        return is_written and is_more

    def _to_note(self) -> list[int]:
        """Return the acknowledgements for the file that are due; those of unwritten results are done with.

        With new results all are due: where these need room, none may be dropped that the broker has got.
        """
        is_due = time.monotonic() >= self._acknowledged.due_s or bool(len(self._unwritten))
        if not (is_due or self._closing.is_set() or self._disk.failure):
            return []
        row_ids = self._acknowledged.take()
        self._acknowledged.forget([row_id for row_id in row_ids if self._deliver_unwritten(row_id)])
        return list(self._acknowledged)

    def _deliver_unwritten(self, row_id: int) -> bool:
        start = UNNUMBERED if row_id >= UNNUMBERED else self._disk.base
        return start is not None and self._unwritten.deliver(row_id - start)

    def _hooks_through(self, number: int) -> list[Callable[[], None]]:
        hooks = []
        while self._hooks and self._hooks[0][0] <= number:
            hooks.append(self._hooks.popleft()[1])
        return hooks

    def _tidy(self) -> None:
        self._tidy_at_s = time.monotonic() + _TIDY_EVERY_S
        self._disk.tidy()

    def _count(self) -> None:
        self._depth = max(0, self._disk.waiting + self._unwritten.waiting - len(self._acknowledged))

    def _wake(self, due_s: float = 0.0) -> None:
        """Have the writer work at a time of the monotonic clock, or at once."""
        if due_s < self._due_s:
            self._due_s = due_s
            self._work.notify()

    def _known_id(self, row_id: int) -> int:
        """Return the sequence number where it has become known meanwhile."""
        base = self._disk.base
        return row_id if row_id < UNNUMBERED or base is None else row_id - UNNUMBERED + base

    def _unsaved(self, each: UnwrittenResult) -> OutboxRow:
        base = self._disk.base
        return each.row(self._boot_id, None if base is None else base + each.number, is_saved=False)
