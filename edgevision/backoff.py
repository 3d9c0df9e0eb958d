"""How long to wait before the next attempt: doubling, bounded, with jitter. Does not wait itself."""

import random

__all__ = ["Backoff"]


class Backoff:
    """Delays that double from `min_s` up to `max_s`.

    Each is drawn between half of itself and the whole, so that many stations that lost the
    same broker or switch do not come back in the same moment.
    """

    def __init__(self, min_s: float, max_s: float, rng: random.Random | None = None) -> None:
        """Start at `min_s`; pass a seeded `rng` where the delays must repeat."""
        self._min_s = min_s
        self._max_s = max(min_s, max_s)
        self._rng = rng or random.Random()
        self._ceiling_s = min_s

    def next_s(self) -> float:
        """Return the delay before the next attempt, in seconds, and lengthen the one after it."""
        ceiling_s = self._ceiling_s
        self._ceiling_s = min(2.0 * ceiling_s, self._max_s)
        return ceiling_s * self._rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again at `min_s`, after a success."""
        self._ceiling_s = self._min_s
