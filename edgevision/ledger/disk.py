"""Keeps the ledger's file in use: opens it, sets a damaged one aside, tries again when the disk fails.

Nothing here raises because of the disk: `failure` says what is wrong. Works in the ledger's writer
thread; `pending` and what is only read are for other threads, too.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from edgevision.errors import DamagedLedger, ForeignLedger, LedgerError
from edgevision.health import Beat
from edgevision.ledger.files import FileLock, damaged_files, set_aside
from edgevision.ledger.fresh import Fresh
from edgevision.ledger.store import Store
from edgevision.ledger.unwritten import Group
from edgevision.overdue import CallClock
from edgevision.ports import OutboxRow
from edgevision.types import Judgement

__all__ = ["Disk"]

_log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_PATIENCE_S = 2.0
"""A disk that takes longer over one step does not answer."""
_OPEN_AGAIN_AFTER = 5
"""So many failures in a row, and the file is closed and opened again: SQLite may hold on to an error."""


class Disk:
    """The file, or the lack of it."""

    def __init__(self, path: Path, boot_id: str, *, max_bytes: int, keep_days: float, beat: Beat) -> None:
        """Try to open the file; raises only ForeignLedger. Work in many steps calls `beat` at each."""
        # SQLite keeps its log beside the file itself, not beside a link to it.
        path = Path(os.path.realpath(path))
        self._path = path
        self._boot_id = boot_id
        self._max_bytes = max_bytes
        self._beat = beat
        self._keep_ns = round(keep_days * 86_400e9)
        self._lock = FileLock(path)
        self._store: Store | None = None
        self._fresh = Fresh(boot_id)
        self._reading = threading.Lock()
        self._written_through = 0
        self._failures = 0
        self._error: LedgerError | None = None
        self._unreadable: LedgerError | None = None
        self._call = CallClock()
        self.again_at_s = 0.0
        """When to try again, on the monotonic clock."""
        self.base: int | None = None
        """The sequence number before the first of this start; None until the file was opened once."""
        self.waiting = 0
        """How many results in it the broker has not acknowledged."""
        self.dropped = dict.fromkeys(Judgement, 0)
        """Waiting results that had to make room since the start."""
        self.damaged: list[Path] = []
        """Damaged ledgers that were set aside and are still there."""
        error = self._attempt(lambda _: self._find_damaged())
        if isinstance(error, ForeignLedger):
            self.close()
            raise error

    @property
    def failure(self) -> str:
        """Why the file cannot be used at present; empty while all is well."""
        if self.is_stalled:
            return f"{self._path}: the ledger's disk does not answer; check the disk and its connection"
        return str(self._error or self._unreadable or "")

    @property
    def is_stalled(self) -> bool:
        """Whether the disk neither does what it was told nor says that it cannot."""
        return self._call.is_overdue

    def write(self, group: Group, delivered: Sequence[int]) -> bool:
        """Write a group and what was acknowledged, and stay within the bound; False when that failed."""
        is_written = self._attempt(lambda store: self._write(store, group, delivered)) is None
        if is_written:
            self._attempt(self._keep_bound)
        return is_written

    def tidy(self) -> None:
        """Let delivered results go that are older than they have to be kept; look for damaged files."""
        self._attempt(self._tidy_up)

    def pending(self, limit: int, without: AbstractSet[int]) -> list[OutboxRow]:
        """Return the oldest waiting results of the file but some; nothing when it cannot be read."""
        with self._reading:
            if self._store is None:
                return []
            fresh = None if self._unreadable else self._fresh.oldest(limit, without)
            if fresh is not None:
                return fresh
            try:
                rows = self._store.pending(limit, without)
            except LedgerError as error:
                self._unreadable = error
                return []
        self._unreadable = None
        return rows

    def close(self) -> None:
        """Close the file and let others have it; safe to call twice."""
        self._close_store()
        self._lock.release()

    def _attempt(self, work: Callable[[Store], None]) -> LedgerError | None:
        """Do some work on the file; note and return why it was not possible."""
        try:
            with self._call.within(_PATIENCE_S):
                self._do(work)
        except DamagedLedger as error:
            self._fail(error)
            self._set_aside()
        except LedgerError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the writer must not end
            _log.exception("%s: the ledger failed", self._path)
            self._fail(LedgerError(f"{self._path}: the ledger failed: {error!r}; please report it"))
        else:
            if self._error is not None:
                _log.info("%s: the ledger can be used again", self._path)
            self._error, self._failures, self.again_at_s = None, 0, 0.0
        return self._error

    def _do(self, work: Callable[[Store], None]) -> None:
        if isinstance(self._unreadable, DamagedLedger):
            raise self._unreadable
        store = self._store or self._opened()
        store.check()
        work(store)

    def _find_damaged(self) -> None:
        self.damaged = damaged_files(self._path)

    def _step(self) -> None:
        """Say that work in many steps has come to the next one."""
        self._beat()
        self._call.extend(_PATIENCE_S)

    def _fail(self, error: LedgerError) -> None:
        if str(error) != str(self._error):
            _log.error("%s", error)
        self._error = error
        self._fresh.forget()
        self._failures += 1
        self.again_at_s = time.monotonic() + _AGAIN_S
        if self._failures % _OPEN_AGAIN_AFTER == 0:
            self._close_store()

    def _set_aside(self) -> None:
        """A damaged file makes room for a new one at once; one that cannot be moved is tried again."""
        self._close_store()
        try:
            moved = set_aside(self._path)
            self._find_damaged()
        except LedgerError as error:
            self._fail(error)
            return
        if moved is not None:
            _log.error("%s: what is there of the ledger was set aside as %s", self._path, moved.name)
        self._unreadable, self.again_at_s = None, 0.0

    def _opened(self) -> Store:
        self._lock.acquire()
        store = Store(self._path, self._boot_id)
        try:
            last, self.waiting = store.last, store.waiting
        except LedgerError:
            store.close()
            raise
        if self.base is None:
            self.base = last
        # What a failed commit left on the disk after all must not be written twice.
        self._written_through = max(0, last - self.base)
        self._store = store
        return store

    def _close_store(self) -> None:
        with self._reading:
            store, self._store = self._store, None
            if store is not None:
                store.close()

    def _write(self, store: Store, group: Group, delivered: Sequence[int]) -> None:
        assert self.base is not None
        group = group.after(self._written_through)
        self.waiting -= store.write(self.base, group.results, group.runs, delivered)
        self._fresh.update(self.base, group.results, delivered, waited=self.waiting)
        self.waiting += sum(not each.is_delivered for each in group.results)

    def _keep_bound(self, store: Store) -> None:
        while store.room.used_bytes > self._max_bytes:
            self._step()
            if store.room.forget():
                continue
            dropped = store.room.drop()
            if not dropped:
                return
            self._fresh.forget()
            for judgement, count in dropped.items():
                self.dropped[judgement] += count
                self.waiting -= count

    def _tidy_up(self, store: Store) -> None:
        self._find_damaged()
        while store.room.forget(time.time_ns() - self._keep_ns):
            self._step()
