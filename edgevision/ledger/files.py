"""The files of a ledger: who may write them, and where a damaged one goes."""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

from edgevision.errors import ForeignLedger, LedgerError

__all__ = ["FileLock", "damaged_files", "set_aside"]

_BESIDE = ("", "-wal", "-shm")
_MARK = ".damaged-"


class FileLock:
    """Keeps other processes from writing the same ledger; it ends with the process, whatever happens."""

    def __init__(self, ledger: Path) -> None:
        """Lock nothing yet."""
        self._path = ledger.with_name(f"{ledger.name}.lock")
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock, unless it is held already; raises ForeignLedger and LedgerError."""
        if self._file is not None:
            return
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerError(
                f"{self._path}: cannot be made: {error.strerror}; check the disk's space and rights"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise ForeignLedger(
                f"{self._path}: another process writes this ledger; stop it, or give this station its own"
            ) from error
        self._file = file

    def release(self) -> None:
        """Let others take it; safe to call twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def set_aside(ledger: Path) -> Path | None:
    """Rename a damaged ledger to `NAME.damaged-TIME` with what belongs to it.

    Returns:
        Its new path, also where only what belongs to it was there; None where nothing was.

    Raises:
        LedgerError: it cannot be renamed.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    moved = ledger.with_name(f"{ledger.name}{_MARK}{moment}")
    try:
        found = [suffix for suffix in reversed(_BESIDE) if ledger.with_name(ledger.name + suffix).exists()]
        for suffix in found:
            ledger.with_name(ledger.name + suffix).rename(moved.with_name(moved.name + suffix))
    except OSError as error:
        raise LedgerError(
            f"{ledger}: damaged, and cannot be set aside: {error.strerror}; check the folder's rights"
        ) from error
    return moved if found else None


def damaged_files(ledger: Path) -> list[Path]:
    """Return the damaged ledgers that were set aside here and that nobody has moved away since.

    Raises:
        LedgerError: the folder cannot be read.
    """
    try:
        return sorted(ledger.parent.glob(f"{ledger.name}{_MARK}*Z"))
    except OSError as error:
        raise LedgerError(
            f"{ledger.parent}: cannot be read: {error.strerror}; check the disk and its rights"
        ) from error
