"""Boxes with scores, classes and perhaps landmarks, as aligned arrays; however they were found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    landmarks_xy: npt.NDArray[np.float32] | None = None
    """(n, 5, 2) where the detector gives them; continuous like the boxes."""

    def __post_init__(self) -> None:
        count = len(self.scores)
        shapes = self.boxes_xyxy.shape, self.scores.shape, self.class_ids.shape
        if shapes != ((count, 4), (count,), (count,)):
            msg = f"expected boxes (n, 4), scores (n,) and class ids (n,), got {shapes}"
            raise ValueError(msg)
        if self.landmarks_xy is not None and self.landmarks_xy.shape != (count, 5, 2):
            msg = f"expected landmarks ({count}, 5, 2), got {self.landmarks_xy.shape}"
            raise ValueError(msg)

    @classmethod
    def empty(cls) -> "Detections":
        """Return no finding."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    @classmethod
    def joined(cls, parts: Sequence["Detections"]) -> "Detections":
        """Return the findings of all parts, in their order; landmarks where every part has them."""
        if not parts:
            return cls.empty()
        landmarks = [part.landmarks_xy for part in parts if part.landmarks_xy is not None]
        return cls(
            np.concatenate([part.boxes_xyxy for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.class_ids for part in parts]),
            np.concatenate(landmarks) if len(landmarks) == len(parts) else None,
        )

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, which: npt.NDArray[Any] | slice) -> "Detections":
        """Return those that a mask, indices or a slice picks, in that order."""
        landmarks = None if self.landmarks_xy is None else self.landmarks_xy[which]
        return Detections(self.boxes_xyxy[which], self.scores[which], self.class_ids[which], landmarks)

    def moved(self, boxes_xyxy: npt.NDArray[np.floating[Any]]) -> "Detections":
        """Return the same findings with other boxes; landmarks stay where they are."""
        return replace(self, boxes_xyxy=boxes_xyxy.astype(np.float32))
