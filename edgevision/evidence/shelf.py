"""What is kept, oldest first, and what goes first when room is needed. Pure bookkeeping."""

from collections.abc import Iterable
from dataclasses import dataclass

from edgevision.evidence.plan import Exhibit

__all__ = ["Kept", "Shelf"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One exhibit on the disk."""

    exhibit: Exhibit
    size_bytes: int
    """Of all its files."""


class Shelf:
    """All exhibits in the order in which they were kept. For one thread."""

    def __init__(self, kept: Iterable[Kept] = ()) -> None:
        """Begin with these, oldest first."""
        self._ok: dict[Exhibit, Kept] = {}
        self._others: dict[Exhibit, Kept] = {}
        self.size_bytes = 0
        for one in kept:
            self.add(one)

    def __len__(self) -> int:
        return len(self._ok) + len(self._others)

    def add(self, kept: Kept) -> None:
        """Put one at the end; one of the same name is replaced."""
        self.remove(kept.exhibit)
        self._row(kept.exhibit)[kept.exhibit] = kept
        self.size_bytes += kept.size_bytes

    def remove(self, exhibit: Exhibit) -> None:
        """Forget one; unknown ones are ignored."""
        gone = self._row(exhibit).pop(exhibit, None)
        if gone is not None:
            self.size_bytes -= gone.size_bytes

    def first_to_go(self) -> Kept | None:
        """Return the oldest OK exhibit, or the oldest at all when there is no OK one."""
        return next(iter(self._ok.values()), None) or next(iter(self._others.values()), None)

    def _row(self, exhibit: Exhibit) -> dict[Exhibit, Kept]:
        return self._ok if exhibit.is_ok else self._others
