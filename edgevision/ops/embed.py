"""Embeddings: their length, and which enrolled one is nearest. Pure numpy.

Matching multiplies one matrix with one vector. That is bound by how fast one core reads memory: the
time grows with entries times dimensions, faster once the matrix no longer fits into the caches (51 MB
for 100,000 entries of 128), and beyond some hundred thousand an index that looks at only a part of
them would be faster.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Match", "Matcher", "normalised"]

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """Whom an embedding resembles most, and how much."""

    name: str
    score: float
    """Cosine similarity to the nearest entry of that name, -1 to 1."""


class Matcher:
    """Enrolled embeddings with their names. Keeps no state between matches; safe in many threads."""

    def __init__(self, names: Sequence[str], embeddings: Vectors) -> None:
        """Take one name for each row of (n, D) embeddings; several rows may have the same."""
        if len(names) != len(embeddings):
            msg = f"expected a name for each of {len(embeddings)} embeddings, got {len(names)}"
            raise ValueError(msg)
        self._names = tuple(names)
        self._rows = np.ascontiguousarray(normalised(embeddings))

    def __len__(self) -> int:
        return len(self._names)

    @property
    def names(self) -> frozenset[str]:
        """Return who is enrolled."""
        return frozenset(self._names)

    def match(self, embedding: Vectors, k: int = 1) -> Match | None:
        """Return the name that weighs most among the `k` nearest entries; None of an empty gallery.

        Args:
            embedding: (D,), normalised.
            k: How many neighbours vote, each with its similarity.
        """
        if not self._names:
            return None
        # As fast as BLAS on one core, whose threads would fight with the engine's for the others.
        scores = np.einsum("nd,d->n", self._rows, embedding)
        if k == 1:
            nearest = int(scores.argmax())
            return Match(self._names[nearest], _cosine(scores[nearest]))
        k = min(k, len(scores))
        votes: dict[str, float] = defaultdict(float)
        best: dict[str, float] = {}
        for index in np.argpartition(-scores, k - 1)[:k].tolist():
            name, score = self._names[index], _cosine(scores[index])
            votes[name] += score
            best[name] = max(score, best.get(name, -1.0))
        name = max(sorted(votes), key=lambda voted: (votes[voted], best[voted]))
        return Match(name, best[name])


def normalised(embeddings: Vectors) -> Vectors:
    """Return (n, D) or (D,) embeddings of L2 norm 1; those of norm 0 stay 0 and resemble nothing."""
    norms = np.sqrt(np.add.reduce(embeddings * embeddings, axis=-1, keepdims=True))
    norms[norms == 0] = 1
    return np.asarray(embeddings / norms, np.float32)


def _cosine(score: np.float32) -> float:
    return min(max(float(score), -1.0), 1.0)
