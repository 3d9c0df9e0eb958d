"""A disk in memory, with as much room as a test says."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from edgevision.errors import EvidenceError
from edgevision.evidence.plan import Exhibit
from edgevision.evidence.shelf import Kept

__all__ = ["FakeDisk"]


class FakeDisk:
    """A `Disk` of `room_bytes`, of which others take `foreign_bytes`; `broken` makes it refuse everything."""

    def __init__(self, room_bytes: int = 10**12) -> None:
        """Begin empty."""
        self.room_bytes = room_bytes
        self.foreign_bytes = 0
        self.broken = ""
        self.files: dict[PurePosixPath, bytes] = {}
        self.kept: list[Kept] = []

    def scan(self) -> list[Kept]:
        """Return what was put into `kept`."""
        self._check()
        return self.kept

    def write(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> None:
        """Remember the files."""
        self._check()
        self.files |= dict(files)

    def delete(self, exhibit: Exhibit) -> None:
        """Forget the files."""
        self._check()
        for name in (exhibit.original, exhibit.record, exhibit.overlay):
            self.files.pop(name, None)

    def free_bytes(self) -> int:
        """Return the room that is left."""
        self._check()
        return self.room_bytes - self.foreign_bytes - sum(map(len, self.files.values()))

    def _check(self) -> None:
        if self.broken:
            raise EvidenceError(self.broken)
