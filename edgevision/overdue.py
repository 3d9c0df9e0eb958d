"""Notices from outside that a call into a driver or a disk does not come back. Nothing can end such a call.

It holds its thread, its device and, in the kernel, perhaps the whole process. A second thread with a
second handle would find the device busy or leak at every try, so none is made: the call is reported as
overdue for as long as it lasts, and whoever watches over the process restarts it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["CallClock"]


class CallClock:
    """Knows until when the present call should be back. One thread calls, any thread may look."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """No call is under way."""
        self._clock = clock
        self._due_s: float | None = None

    @contextmanager
    def within(self, limit_s: float) -> Iterator[None]:
        """Surround a call that should take at most `limit_s`."""
        self._due_s = self._clock() + limit_s
        try:
            yield
        finally:
            self._due_s = None

    def extend(self, limit_s: float) -> None:
        """Give the call that is under way so much more time, from now on, for a further step."""
        self._due_s = self._clock() + limit_s

    @property
    def is_overdue(self) -> bool:
        """Whether a call is under way that should have been back."""
        due_s = self._due_s
        return due_s is not None and self._clock() > due_s
