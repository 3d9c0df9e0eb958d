"""Work for the publisher's thread: in order, and of what has a key only the newest.

So it stays as small as there are keys and messages under way, however long the thread is kept from it.
"""

import threading
from collections.abc import Callable

__all__ = ["Inbox"]

Work = Callable[[], object]


class Inbox:
    """Many threads put, one takes."""

    def __init__(self) -> None:
        """Begin empty."""
        self._changed = threading.Condition()
        self._work: dict[object, Work] = {}

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to do."""
        return not self._work

    def put(self, work: Work, key: str | None = None) -> None:
        """Have something done; it takes the place of what waits under the same key."""
        with self._changed:
            unique = object() if key is None else key
            self._work.pop(unique, None)
            self._work[unique] = work
            self._changed.notify()

    def take(self, timeout_s: float) -> Work | None:
        """Return the oldest; None on time-out."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._work, timeout_s):
                return None
            return self._work.pop(next(iter(self._work)))
