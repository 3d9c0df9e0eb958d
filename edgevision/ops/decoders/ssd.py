"""SSD: boxes (1, N, 4), as offsets to priors or as corners, and scores (1, N, C)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import decode_boxes
from edgevision.ops.decoders.candidates import Candidates
from edgevision.ops.decoders.picking import Activation, pick
from edgevision.ops.detections import Detections

__all__ = ["SsdDecoder"]


@dataclass(frozen=True, slots=True, eq=False)
class SsdDecoder:
    """Decodes only the boxes whose score reaches the limit."""

    priors_cxcywh: npt.NDArray[np.float32] | None
    """(N, 4) in pixels of the model's input; None where the graph has decoded the boxes."""
    variances: tuple[float, float]
    activation: Activation
    background: bool

    def candidates(self, answer: Sequence[npt.NDArray[np.float32]], min_score: float) -> Candidates:
        """Return what scores at least `min_score`."""
        boxes, raw = answer[0][0], answer[1][0]
        picked = pick(raw, self.activation, min_score, background=self.background)
        boxes = boxes[picked.rows]
        if self.priors_cxcywh is not None:
            boxes = decode_boxes(boxes, self.priors_cxcywh[picked.rows], self.variances)
        return Candidates(Detections(boxes, picked.scores, picked.class_ids), picked.score_max)
