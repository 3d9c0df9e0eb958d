"""From the raw answer of a detect bundle's model to findings, as its manifest says.

The detect task, the golden check and the workstation's gate all use this. Fitting pictures into
the model and findings back into the frame is the task's job.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.ops.boxes import clip_boxes, prior_boxes, suppress
from edgevision.ops.decoders.candidates import Candidates, Decoder
from edgevision.ops.decoders.ssd import SsdDecoder
from edgevision.ops.decoders.yolov5 import YoloV5Decoder
from edgevision.ops.decoders.yolov8 import YoloV8Decoder
from edgevision.ops.decoders.yunet import YunetDecoder
from edgevision.ops.merging import VOTES_FROM, exclude, merge

__all__ = ["Detector"]


class Detector:
    """Reads one model's answers. Keeps no state; safe in many threads."""

    def __init__(self, manifest: Manifest) -> None:
        """Take the manifest of a detect bundle; raises ManifestError for another task's."""
        self._spec = manifest.require_detect()
        self._size_wh = manifest.input.size_wh
        self._decoder = _decoder(manifest)

    def find(self, answer: Sequence[npt.NDArray[np.float32]], min_score: float) -> Candidates:
        """Return the findings of one look, without doubles.

        Args:
            answer: The model's outputs, in the order of the manifest.
            min_score: Findings of lower scores are left out; they never change the others.

        Returns:
            Boxes within the model's input, in its pixels, by falling score. Where boxes vote, the
            highest score is that of what begins with the surest box.
        """
        spec, limit = self._spec, np.float32(min_score)
        candidates = self.candidates(answer, min_score if spec.votes == 1 else min(min_score, VOTES_FROM))
        found = candidates.found.moved(clip_boxes(candidates.found.boxes_xyxy, self._size_wh))
        best = found.scores.max(initial=0)
        kept = suppress(found[found.scores >= min(limit, best)], spec.iou_threshold, spec.max_detections)
        if spec.votes > 1:
            kept = merge(kept, found[found.scores >= np.float32(VOTES_FROM)], spec.votes)
        if spec.exclusive:
            kept = exclude(kept, spec.iou_threshold)
        score_max = candidates.score_max
        if spec.votes > 1 and len(kept):
            # A box that is no numbers agrees with none, and must not vanish silently.
            score_max = float(kept.scores[0]) if np.isfinite(found.boxes_xyxy).all() else float("nan")
        return Candidates(kept[kept.scores >= limit], score_max)

    def candidates(self, answer: Sequence[npt.NDArray[np.float32]], min_score: float) -> Candidates:
        """Return what scores at least `min_score`, by falling score, with doubles and not cut."""
        return self._decoder.candidates(answer, min_score)


def _decoder(manifest: Manifest) -> Decoder:
    spec = manifest.require_detect()
    match spec.decoder:
        case "yolov5":
            return YoloV5Decoder()
        case "yolov8":
            return YoloV8Decoder()
        case "yunet":
            return YunetDecoder(manifest.input.size_wh)
        case "ssd" | "ssd-decoded":
            priors = prior_boxes(spec.priors, manifest.input.size_wh) if spec.priors else None
            return SsdDecoder(priors, spec.variances, manifest.outputs[1].activation, spec.background)
