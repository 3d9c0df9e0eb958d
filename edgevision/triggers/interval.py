"""A clock as a source of triggers: one every so many seconds, without drift."""

import threading
import time
from collections.abc import Callable

__all__ = ["IntervalInput"]


class IntervalInput:
    """Fires with the time at which it is due; a beat that was slept through is left out."""

    def __init__(self, interval_s: float, fire: Callable[[int], None]) -> None:
        """Fire nothing yet; `fire` takes the time on the monotonic clock, in nanoseconds."""
        self._interval_ns = round(interval_s * 1e9)
        self._fire = fire
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="interval", daemon=True)

    def start(self) -> None:
        """Start the clock; the first trigger comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the clock."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        due_ns = time.monotonic_ns() + self._interval_ns
        while not self._stopping.wait(max(0, due_ns - time.monotonic_ns()) / 1e9):
            self._fire(time.monotonic_ns())
            missed = (time.monotonic_ns() - due_ns) // self._interval_ns
            due_ns += (1 + missed) * self._interval_ns
