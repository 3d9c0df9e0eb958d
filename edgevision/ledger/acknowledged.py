"""What the broker has got and the file does not say yet: noted a few at a time, since each costs a page.

After a crash these are sent again, so they must not become many. Not safe in threads.
"""

import math
import time
from collections.abc import Iterable, Iterator

__all__ = ["Acknowledged"]

_AFTER_S = 0.2
_AT = 64


class Acknowledged:
    """Row ids in the order of the acknowledgements."""

    def __init__(self) -> None:
        """Begin empty."""
        self._row_ids: dict[int, None] = {}
        self.due_s = math.inf
        """When they have to be noted, on the monotonic clock."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._row_ids)

    def __iter__(self) -> Iterator[int]:
        """Give the row ids."""
        return iter(self._row_ids)

    def add(self, row_id: int) -> None:
        """Take one; it is due soon, and at once when there are many."""
        self._row_ids[row_id] = None
        after_s = 0.0 if len(self._row_ids) >= _AT else _AFTER_S
        self.due_s = min(self.due_s, time.monotonic() + after_s)

    def take(self) -> list[int]:
        """Return all of them; they stay until they are forgotten."""
        self.due_s = math.inf
        return list(self._row_ids)

    def retry(self) -> None:
        """Have what was taken noted as soon as possible, since this time it could not be."""
        if self._row_ids:
            self.due_s = 0.0

    def forget(self, row_ids: Iterable[int]) -> None:
        """Forget what has been noted."""
        for row_id in row_ids:
            del self._row_ids[row_id]
