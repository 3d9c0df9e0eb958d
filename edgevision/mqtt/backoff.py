"""How long to wait before the next attempt: doubling, bounded, with jitter. Does not sleep."""

import random

__all__ = ["Backoff"]


class Backoff:
    """Delays that double from `min_s` to `max_s`.

    Each delay is drawn between half of itself and the whole, so that many stations that lost
    the same broker do not come back in the same moment.
    """

    def __init__(self, min_s: float, max_s: float, rng: random.Random | None = None) -> None:
        """Start at `min_s`."""
        self._min_s = min_s
        self._max_s = max(min_s, max_s)
        self._rng = rng or random.Random()
        self._next_s = min_s

    def next_s(self) -> float:
        """Return the delay before the next attempt, in seconds, and lengthen the one after it."""
        delay_s = self._next_s
        self._next_s = min(2 * delay_s, self._max_s)
        return self._rng.uniform(delay_s / 2, delay_s)

    def reset(self) -> None:
        """Begin again at the shortest delay."""
        self._next_s = self._min_s
