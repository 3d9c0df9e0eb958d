"""What was committed last and still waits, kept in memory as well: in good times nothing is read back.

As soon as more waits than has room here, it is of no use until nothing waits any more. Safe in many threads.
"""

import threading
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

from edgevision.ledger.unwritten import UnwrittenResult
from edgevision.ports import OutboxRow

__all__ = ["Fresh"]

_MAX_RESULTS = 256


class Fresh:
    """All that waits in the file, or nothing."""

    def __init__(self, boot_id: str) -> None:
        """Begin without knowing what waits."""
        self._boot_id = boot_id
        self._lock = threading.Lock()
        self._results: dict[int, UnwrittenResult] | None = None

    def update(
        self, base: int, results: Sequence[UnwrittenResult], delivered: Iterable[int], *, waited: int
    ) -> None:
        """Take note of a commit.

        Args:
            base: Number n of this start has the sequence number `base` + n.
            results: New ones.
            delivered: Sequence numbers of those that wait no more.
            waited: How many others wait in the file.
        """
        new = {base + each.number: each for each in results if not each.is_delivered}
        with self._lock:
            if not waited:
                self._results = new
            elif self._results is not None:
                for sequence in delivered:
                    self._results.pop(sequence, None)
                self._results |= new
            if self._results is not None and len(self._results) > _MAX_RESULTS:
                self._results = None

    def forget(self) -> None:
        """Know nothing any more: the file may hold something else."""
        with self._lock:
            self._results = None

    def oldest(self, limit: int, without: AbstractSet[int]) -> list[OutboxRow] | None:
        """Return the oldest waiting results but some; None when it does not know them."""
        with self._lock:
            if self._results is None:
                return None
            wanted = (item for item in self._results.items() if item[0] not in without)
            found = list(islice(wanted, limit))
        return [each.row(self._boot_id, sequence, is_saved=True) for sequence, each in found]
