"""What one detect model makes of all pictures it is judged by: boxes, figures, agreement with another."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from edgevision.ops.boxes import iou_matrix
from edgevision.ops.detections import Detections
from edgevision.types import Defect, Findings, ImageBgr
from export.detect.coco_metric import coco_map
from export.detect.drawing import drawn_boxes
from export.detect.metrics import Truth, measure
from export.detect.sample import BoxSample
from export.subject import PictureResult, Run

__all__ = ["LOWEST_SCORE", "DetectRun", "Looked", "detections_of", "figures_of", "truth_of"]

LOWEST_SCORE: Final = 0.01
"""From which score boxes count for average precision; those below add next to nothing."""
LOOSE_IOU: Final = 0.33
"""What the benchmark of DeepPCB asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What the device's task found in one picture, in its pixels."""

    counted: Detections
    """From the threshold on: what rules see."""
    every: Detections
    """From `LOWEST_SCORE` on."""

    @classmethod
    def at(cls, findings: Findings) -> "Looked":
        """Take what a task reports."""
        return cls(detections_of(findings.defects), detections_of((*findings.defects, *findings.unjudged)))


@dataclass(frozen=True, eq=False)
class DetectRun:
    """What one model makes of all held-out pictures."""

    pictures: tuple[PictureResult, ...]
    looked: tuple[Looked, ...]
    samples: Sequence[BoxSample]
    labels: tuple[str, ...]
    threshold: float
    """From which score findings count."""
    has_truth: bool

    @cached_property
    def figures(self) -> dict[str, float]:
        """Average precisions and F-score; empty without truth."""
        if not self.has_truth:
            return {}
        truths = [truth_of(sample) for sample in self.samples]
        return figures_of(self.every, truths, self.labels, self.threshold)

    @property
    def every(self) -> list[Detections]:
        """All that was found in each picture, from `LOWEST_SCORE` on."""
        return [one.every for one in self.looked]

    def agreement(self, reference: Run) -> float:
        """Return the share of both models' findings that the other has too: same class, IoU 0.5."""
        assert isinstance(reference, DetectRun)
        pairs = [(a.counted, b.counted) for a, b in zip(self.looked, reference.looked, strict=True)]
        total = sum(len(a) + len(b) for a, b in pairs)
        return sum(_met(a, b) + _met(b, a) for a, b in pairs) / total if total else 1.0

    def drawn(self, index: int) -> ImageBgr:
        """Return a picture with the boxes that count."""
        return drawn_boxes(self.samples[index].image_bgr, self.looked[index].counted, self.labels)


def figures_of(
    found: Sequence[Detections], truths: Sequence[Truth], labels: Sequence[str], threshold: float
) -> dict[str, float]:
    """Return mAP at IoU 0.5, COCO's and at 0.33, F-scores of boxes from the threshold on, AP by class."""
    metrics, loose = measure(found, truths, labels), measure(found, truths, labels, LOOSE_IOU)
    return {
        "map50": metrics.mean_ap,
        "map": coco_map(found, truths, len(labels)),
        "f50": metrics.f_score(threshold),
        "map33": loose.mean_ap,
        "f33": loose.f_score(threshold),
        **metrics.as_flat(),
    }


def truth_of(sample: BoxSample) -> Truth:
    """Return what a sample shows."""
    return Truth(sample.boxes_xyxy, sample.class_ids, sample.difficult)


def _met(ones: Detections, others: Detections) -> int:
    same = ones.class_ids[:, np.newaxis] == others.class_ids
    return int(((iou_matrix(ones.boxes_xyxy, others.boxes_xyxy) >= 0.5) & same).any(axis=1).sum())


def detections_of(defects: Sequence[Defect]) -> Detections:
    """Return the boxes of findings."""
    return Detections(
        np.array([defect.box_xyxy for defect in defects], np.float32).reshape(-1, 4),
        np.array([defect.score for defect in defects], np.float32),
        np.array([defect.class_id for defect in defects], np.int64),
    )
