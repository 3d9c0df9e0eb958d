"""Boxes with scores and classes, as one value of aligned arrays. Says nothing of how they were found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Detections"]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """`n` findings in one picture; whose pixels the boxes are in is said where they are made."""

    boxes_xyxy: npt.NDArray[np.float32]
    """(n, 4): left, top, right, bottom; continuous, (0, 0) is the corner of the first pixel."""
    scores: npt.NDArray[np.float32]
    """(n,) in 0..1."""
    class_ids: npt.NDArray[np.int64]
    """(n,)."""

    def __post_init__(self) -> None:
        count = len(self.scores)
        shapes = self.boxes_xyxy.shape, self.scores.shape, self.class_ids.shape
        if shapes != ((count, 4), (count,), (count,)):
            msg = f"expected boxes (n, 4), scores (n,) and class ids (n,), got {shapes}"
            raise ValueError(msg)

    @classmethod
    def empty(cls) -> "Detections":
        """Return no finding."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    @classmethod
    def joined(cls, parts: Sequence["Detections"]) -> "Detections":
        """Return the findings of all parts, in their order."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([part.boxes_xyxy for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.class_ids for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, which: npt.NDArray[Any] | slice) -> "Detections":
        """Return those that a mask, indices or a slice picks, in that order."""
        return Detections(self.boxes_xyxy[which], self.scores[which], self.class_ids[which])

    def moved(self, boxes_xyxy: npt.NDArray[np.floating[Any]]) -> "Detections":
        """Return the same findings with other boxes, such as in another picture's pixels."""
        return Detections(boxes_xyxy.astype(np.float32), self.scores, self.class_ids)
