"""How far the answers of two runs of a model lie apart, over all values of some inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from export.subject import Values

__all__ = ["Difference", "difference"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Absolute differences of values, such as probabilities."""

    max: float
    mean: float
    p99: float
    """99 of 100 values differ by less."""


def difference(answers: Sequence[Values], reference: Sequence[Values]) -> Difference:
    """Compare two runs on the same inputs, at least one."""
    apart = np.concatenate([np.abs(a - b).ravel() for a, b in zip(answers, reference, strict=True)])
    return Difference(float(apart.max()), float(apart.mean()), float(np.quantile(apart, 0.99)))
