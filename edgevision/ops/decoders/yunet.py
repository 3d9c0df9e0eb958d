"""YuNet: four outputs for each of three strides, and five landmarks beside every box.

W. Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", MIR 2023. Cells go row by row; offsets
are in strides and sizes logarithms of strides, as OpenCV's FaceDetectorYN reads them. The landmarks
are eye, eye, nose's tip, mouth's corners, left to right as they are seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import xyxy_of
from edgevision.ops.decoders.candidates import Candidates
from edgevision.ops.decoders.picking import pick
from edgevision.ops.detections import Detections

__all__ = ["STRIDES", "YunetDecoder"]

STRIDES = (8, 16, 32)
_LOG_MAX = 10.0
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class YunetDecoder:
    """Decodes only the boxes whose score, the root of class times objectness, reaches the limit."""

    input_wh: tuple[int, int]

    def candidates(self, answer: Sequence[Floats], min_score: float) -> Candidates:
        """Return what scores at least `min_score`."""
        classes, objectness, boxes, landmarks = (
            np.concatenate([level[0] for level in answer[at : at + 3]]) for at in (0, 3, 6, 9)
        )
        scores = np.sqrt(np.clip(classes, 0, 1) * np.clip(objectness, 0, 1))
        picked = pick(scores, "none", min_score)
        cells = self._cells()[picked.rows]
        origins_xy, strides = cells[:, :2], cells[:, 2:]
        rows = boxes[picked.rows]
        centres = (origins_xy + rows[:, :2]) * strides
        sizes = np.exp(np.minimum(rows[:, 2:], np.float32(_LOG_MAX))) * strides
        points = landmarks[picked.rows].reshape(-1, 5, 2)
        found = Detections(
            xyxy_of(np.concatenate((centres, sizes), axis=1)),
            picked.scores,
            picked.class_ids,
            (origins_xy[:, np.newaxis] + points) * strides[:, np.newaxis],
        )
        return Candidates(found, picked.score_max)

    def _cells(self) -> Floats:
        """Return (N, 3): column, row and stride of every cell."""
        levels = []
        for stride in STRIDES:
            rows, columns = np.mgrid[: self.input_wh[1] // stride, : self.input_wh[0] // stride]
            levels.append(np.stack((columns, rows, np.full_like(rows, stride)), axis=-1).reshape(-1, 3))
        return np.concatenate(levels).astype(np.float32)
