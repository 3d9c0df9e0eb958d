"""YOLOv8, v11 and their relatives: one output (1, 4 + C, N) of centre, size and class scores."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import xyxy_of
from edgevision.ops.decoders.candidates import Candidates
from edgevision.ops.decoders.picking import pick
from edgevision.ops.detections import Detections

__all__ = ["YoloV8Decoder"]


class YoloV8Decoder:
    """One column per box; the class scores are already in 0..1 and there is no objectness."""

    def candidates(self, answer: Sequence[npt.NDArray[np.float32]], min_score: float) -> Candidates:
        """Return what scores at least `min_score`."""
        columns = answer[0][0]
        picked = pick(columns[4:].T, "none", min_score)
        boxes = xyxy_of(columns[:4, picked.rows].T)
        return Candidates(Detections(boxes, picked.scores, picked.class_ids), picked.score_max)
