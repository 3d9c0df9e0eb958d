"""What an embedder's training draws: pictures of numbered identities."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Batch", "Identities"]


class Batch(NamedTuple):
    """Pictures with what is known of them."""

    images: npt.NDArray[np.uint8]
    """(N, side, side, C)."""
    identities: npt.NDArray[np.int64]
    """(N,)."""
    similarities: npt.NDArray[np.float32] | None
    """(N, 4), see `canonical_similarity`, where pictures are not aligned."""


class Identities(Protocol):
    """Whom pictures can be drawn of, numbered from 0 without end."""

    def draw(self, rng: np.random.Generator, identities: npt.NDArray[np.int64]) -> Batch:
        """Return one new picture of each."""
