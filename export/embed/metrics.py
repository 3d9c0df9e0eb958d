"""How well embeddings tell identities apart: verification by pairs, identification against a gallery.

Figures as ISO/IEC 19795-1 names them: TAR at a FAR by pairs; rank-1, and TPIR at an FPIR where persons or
parts that nobody enrolled come too.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Identification", "identify", "same_and_other", "threshold_at", "verification"]

Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


def same_and_other(first: Vectors, first_ids: Ids, second: Vectors, second_ids: Ids) -> tuple[Scores, Scores]:
    """Return the cosines of all pairs of one identity, and of all pairs of two; vectors are of length 1."""
    cosines = first @ second.T
    same = first_ids[:, np.newaxis] == second_ids
    return cosines[same], cosines[~same]


def threshold_at(other: Scores, rate: float) -> float:
    """Return the lowest threshold that at most this share of scores reaches."""
    allowed = int(rate * len(other))
    return float(np.nextafter(np.sort(other)[len(other) - 1 - allowed], np.float32(2)))


def verification(same: Scores, other: Scores) -> dict[str, float]:
    """Return the equal error rate, and the TAR at FAR 1e-2, 1e-3 and 1e-4."""
    thresholds = np.unique(np.concatenate([same, other]))
    rejected = np.searchsorted(np.sort(same), thresholds) / len(same)
    accepted = 1 - np.searchsorted(np.sort(other), thresholds) / len(other)
    nearest = int(np.argmin(np.abs(rejected - accepted)))
    figures = {"eer": float((rejected[nearest] + accepted[nearest]) / 2)}
    for name, rate in (("tar_1e2", 1e-2), ("tar_1e3", 1e-3), ("tar_1e4", 1e-4)):
        figures[name] = float(np.mean(same >= threshold_at(other, rate)))
    return figures


@dataclass(frozen=True, slots=True)
class Identification:
    """Of probes against a gallery."""

    rank1: float
    tpir_1e2: float
    """Share of enrolled probes that are named rightly and reach the threshold at FPIR 1 %."""
    threshold: float
    """What 1 % of the unknown reach."""


def identify(gallery: tuple[Vectors, Ids], probes: tuple[Vectors, Ids], unknown: Vectors) -> Identification:
    """Match probes and unknown ones with the nearest entry of a gallery; vectors are of length 1."""
    cosines = probes[0] @ gallery[0].T
    nearest = cosines.argmax(axis=1)
    is_right = gallery[1][nearest] == probes[1]
    threshold = threshold_at((unknown @ gallery[0].T).max(axis=1), 0.01)
    best = cosines.max(axis=1)
    return Identification(float(is_right.mean()), float(np.mean(is_right & (best >= threshold))), threshold)
