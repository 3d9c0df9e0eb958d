"""How long to wait before trying a camera again: doubling, bounded, with jitter. Does not wait itself."""

import random

__all__ = ["Backoff"]


class Backoff:
    """Delays that double from `min_s` up to `max_s`, each shortened at random by up to a half."""

    def __init__(self, min_s: float, max_s: float, rng: random.Random) -> None:
        """Pass a seeded `rng` where the delays must repeat."""
        self._min_s = min_s
        self._max_s = max(min_s, max_s)
        self._rng = rng
        self._ceiling_s = min_s

    def next_s(self) -> float:
        """Return the next delay in seconds."""
        ceiling_s = self._ceiling_s
        self._ceiling_s = min(2.0 * ceiling_s, self._max_s)
        return ceiling_s * self._rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again at `min_s`, after a success."""
        self._ceiling_s = self._min_s
