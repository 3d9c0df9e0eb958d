"""Keeps evidence within its budget and above the free-disk floor. For one thread.

The oldest OK exhibit is deleted first; when none is left, the oldest of NG and ND. When even
deleting everything would not free enough, because others fill the disk, nothing is deleted and
nothing is kept.
"""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from edgevision.errors import EvidenceError
from edgevision.evidence.plan import Exhibit
from edgevision.evidence.shelf import Kept, Shelf

__all__ = ["Disk", "EvidenceStore"]

_EASE = 0.05
"""This share of the budget has to be unused before the squeeze counts as over."""


class Disk(Protocol):
    """Where exhibits lie. Every method may raise EvidenceError."""

    def scan(self) -> Iterable[Kept]:
        """Remove what was left half-written and return every complete exhibit, oldest first."""

    def write(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> None:
        """Write the files of an exhibit, whole or not at all; the last one makes it complete."""

    def delete(self, exhibit: Exhibit) -> None:
        """Delete all files of an exhibit."""

    def free_bytes(self) -> int:
        """Return how much anyone may still write there."""


class EvidenceStore:
    """The exhibits of one station on one disk."""

    def __init__(self, disk: Disk, *, budget_bytes: int, min_free_bytes: int) -> None:
        """Read nothing yet."""
        self._disk = disk
        self._budget_bytes = budget_bytes
        self._min_free_bytes = min_free_bytes
        self._shelf: Shelf | None = None
        self.deleted = 0
        """Exhibits deleted since the start to make room."""
        self.is_squeezed = False
        """Whether NG or ND had to be deleted for room, and there is little room still."""

    @property
    def size_bytes(self) -> int:
        """How much is kept; 0 before the folder was read."""
        return self._shelf.size_bytes if self._shelf is not None else 0

    def open(self) -> None:
        """Learn what is there; raises EvidenceError, and then the next `put` tries again."""
        if self._shelf is None:
            self._shelf = Shelf(self._disk.scan())

    def put(self, exhibit: Exhibit, files: Sequence[tuple[PurePosixPath, bytes]]) -> None:
        """Make room and write; raises EvidenceError."""
        self.open()
        assert self._shelf is not None
        size_bytes = sum(len(content) for _, content in files)
        self._make_room(self._shelf, size_bytes)
        self._disk.write(files)
        self._shelf.add(Kept(exhibit, size_bytes))

    def _make_room(self, shelf: Shelf, size_bytes: int) -> None:
        if size_bytes > self._budget_bytes:
            raise EvidenceError(
                f"one exhibit has {size_bytes} bytes and the budget {self._budget_bytes}; "
                "raise evidence.budget_gb"
            )
        lacking_bytes = self._lacking(size_bytes)
        if lacking_bytes > shelf.size_bytes:
            raise self._no_room()
        self._free(shelf, max(shelf.size_bytes + size_bytes - self._budget_bytes, lacking_bytes))
        if self._lacking(size_bytes) > 0:
            raise self._no_room()

    def _lacking(self, size_bytes: int) -> int:
        return self._min_free_bytes + size_bytes - self._disk.free_bytes()

    def _free(self, shelf: Shelf, need_bytes: int) -> None:
        if need_bytes < -self._budget_bytes * _EASE:
            self.is_squeezed = False
        goal_bytes = shelf.size_bytes - need_bytes
        while shelf.size_bytes > goal_bytes and (victim := shelf.first_to_go()) is not None:
            self._disk.delete(victim.exhibit)
            shelf.remove(victim.exhibit)
            self.deleted += 1
            self.is_squeezed = not victim.exhibit.is_ok

    def _no_room(self) -> EvidenceError:
        return EvidenceError(
            f"less than {self._min_free_bytes / 1e9:g} GB of the disk would stay free; free space, "
            "or lower evidence.min_free_gb"
        )
