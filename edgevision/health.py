"""Which threads are alive: each says so on every round of its loop, and silence is what is wrong.

A round counts, not a part: a line without triggers and a camera that is being reopened are alive.
Knows nothing of who watches; pure but for the monotonic clock and the name of the calling thread.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["FOR_EVER_S", "Beat", "Beats", "unwatched"]

FOR_EVER_S = float("inf")
"""What a thread says that ends in order."""


class Beat(Protocol):
    """Called by a thread on every round of its loop."""

    def __call__(self, quiet_s: float = 0.0) -> None:
        """Say that the calling thread is alive and will rightly be silent for `quiet_s`."""


def unwatched(quiet_s: float = 0.0) -> None:
    """Take a beat that nobody watches."""


@dataclass(slots=True)
class _Pulse:
    has_moved: bool
    quiet_until_s: float


class Beats:
    """The beats of all threads, by their names. Safe in many threads.

    A thread is watched from its first beat on, until it says `FOR_EVER_S`.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """Watch nobody yet."""
        self._now_s = now_s
        self._guard = threading.Lock()
        self._pulses: dict[str, _Pulse] = {}

    @property
    def names(self) -> frozenset[str]:
        """The threads that have ever beaten."""
        with self._guard:
            return frozenset(self._pulses)

    def beat(self, quiet_s: float = 0.0) -> None:
        """Note that the calling thread went round; this is the `Beat` to hand out."""
        name, until_s = threading.current_thread().name, self._now_s() + quiet_s
        with self._guard:
            self._pulses[name] = _Pulse(has_moved=True, quiet_until_s=until_s)

    def silent(self) -> list[str]:
        """Return who has not moved since the last `renew` and has announced no silence either."""
        now_s = self._now_s()
        with self._guard:
            return sorted(
                name
                for name, pulse in self._pulses.items()
                if not pulse.has_moved and pulse.quiet_until_s <= now_s
            )

    def renew(self) -> None:
        """Ask everyone for another beat."""
        with self._guard:
            for pulse in self._pulses.values():
                pulse.has_moved = False
