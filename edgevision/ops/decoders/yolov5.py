"""YOLOv5 and its relatives: one output (1, N, 5 + C) of centre, size, objectness and class scores."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import xyxy_of
from edgevision.ops.decoders.candidates import Candidates
from edgevision.ops.decoders.picking import pick
from edgevision.ops.detections import Detections

__all__ = ["YoloV5Decoder"]


class YoloV5Decoder:
    """The score of a class is its own times the objectness, both already in 0..1."""

    def candidates(self, answer: Sequence[npt.NDArray[np.float32]], min_score: float) -> Candidates:
        """Return what scores at least `min_score`."""
        rows = answer[0][0]
        if not len(rows):
            return Candidates(Detections.empty(), 0.0)
        objectness = rows[:, 4]
        surest = rows[objectness.argmax()]
        best = float(surest[4] * surest[5:].max())
        likely = np.flatnonzero(objectness >= min(min_score, best))  # No class score exceeds 1.
        scores = rows[likely, 5:] * objectness[likely, np.newaxis]
        picked = pick(scores, "none", min_score)
        boxes = xyxy_of(rows[likely[picked.rows], :4])
        score_max = best if np.isnan(best) else max(best, picked.score_max)
        return Candidates(Detections(boxes, picked.scores, picked.class_ids), score_max)
