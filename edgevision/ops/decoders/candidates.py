"""What every decoder gives, and the shape that every decoder has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgevision.ops.detections import Detections

__all__ = ["Candidates", "Decoder"]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes in pixels of the model's input, by falling score, doubles among them."""

    found: Detections
    score_max: float
    """The highest score of any box, below the limit too; NaN where a score is."""


class Decoder(Protocol):
    """One layout of answers."""

    def candidates(self, answer: Sequence[npt.NDArray[np.float32]], min_score: float) -> Candidates:
        """Return what scores at least `min_score` in the outputs of one look, in the manifest's order."""
