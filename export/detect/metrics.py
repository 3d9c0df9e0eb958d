"""How good found boxes are: average precision as PASCAL VOC computes it since 2010, and F-score.

A found box is right when it overlaps a still unfound object of its class by at least the IoU asked
for; boxes are tried in the order of their scores. Difficult objects count neither way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import iou_matrix
from edgevision.ops.detections import Detections

__all__ = ["ClassCurve", "DetectionMetrics", "Truth", "measure"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What one picture shows."""

    boxes_xyxy: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    difficult: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ClassCurve:
    """Of one class, one value per found box in falling order of score."""

    objects: int
    """How many there are to find."""
    scores: Floats
    precision: Floats
    recall: Floats

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall curve, precision made to never rise; NaN without objects."""
        if self.objects == 0:
            return float("nan")
        precision = np.maximum.accumulate(np.concatenate([self.precision, [0.0]])[::-1])[::-1]
        steps = np.diff(np.concatenate([[0.0], self.recall]))
        return float((steps * precision[: len(steps)]).sum())

    def at(self, score: float) -> tuple[float, float, float]:
        """Return precision, recall and F-score when boxes count from this score."""
        count = int((self.scores >= score).sum())
        if count == 0 or self.objects == 0:
            return float("nan"), 0.0, 0.0
        precision, recall = float(self.precision[count - 1]), float(self.recall[count - 1])
        return precision, recall, 2 * precision * recall / max(precision + recall, 1e-12)


@dataclass(frozen=True, slots=True, eq=False)
class DetectionMetrics:
    """Figures of a set of pictures."""

    iou: float
    """What an overlap must reach."""
    curves: dict[str, ClassCurve]

    @property
    def mean_ap(self) -> float:
        """Mean of the average precisions of the classes that occur; NaN when none does."""
        values = [c.average_precision for c in self.curves.values() if c.objects]
        return float(np.mean(values)) if values else float("nan")

    def f_score(self, score: float) -> float:
        """Return the mean F-score of the classes that occur, when boxes count from this score."""
        values = [c.at(score)[2] for c in self.curves.values() if c.objects]
        return float(np.mean(values)) if values else float("nan")

    def best_score(self) -> float:
        """Return the score from which boxes should count for the highest F-score; 0.5 without any box."""
        scores = np.concatenate([curve.scores for curve in self.curves.values()])
        candidates = np.unique(np.floor(100 * scores) / 100)
        return float(max(candidates, key=self.f_score, default=0.5))

    def as_flat(self) -> dict[str, float]:
        """Return the figures by name."""
        name = f"map{round(100 * self.iou)}"
        each = {f"ap_{label}": c.average_precision for label, c in self.curves.items() if c.objects}
        return {name: self.mean_ap, **each}


def measure(
    found: Sequence[Detections], truths: Sequence[Truth], labels: Sequence[str], iou: float = 0.5
) -> DetectionMetrics:
    """Compare what was found with what is there, picture by picture."""
    curves = {
        label: _curve([_of_class(f, class_id) for f in found], [_shown(t, class_id) for t in truths], iou)
        for class_id, label in enumerate(labels)
    }
    return DetectionMetrics(iou, curves)


def _of_class(found: Detections, class_id: int) -> tuple[Floats, Floats]:
    chosen = found.class_ids == class_id
    return found.boxes_xyxy[chosen].astype(np.float64), found.scores[chosen].astype(np.float64)


def _shown(truth: Truth, class_id: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    chosen = truth.class_ids == class_id
    return truth.boxes_xyxy[chosen].astype(np.float64), truth.difficult[chosen]


def _curve(
    found: Sequence[tuple[Floats, Floats]],
    truths: Sequence[tuple[Floats, npt.NDArray[np.bool_]]],
    iou: float,
) -> ClassCurve:
    objects = int(sum((~difficult).sum() for _, difficult in truths))
    outcomes = [
        _outcomes(boxes, scores, *truth, iou) for (boxes, scores), truth in zip(found, truths, strict=True)
    ]
    scores = np.concatenate([scores for _, scores in found] or [np.zeros(0)])
    outcome = np.concatenate(outcomes or [np.zeros(0)])
    scores, outcome = scores[outcome >= 0], outcome[outcome >= 0]
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(outcome[order])
    recall = hits / max(objects, 1)
    precision = hits / np.arange(1, len(hits) + 1)
    return ClassCurve(objects, scores[order], precision, recall)


def _outcomes(
    boxes: Floats, scores: Floats, objects: Floats, difficult: npt.NDArray[np.bool_], iou: float
) -> Floats:
    """Return for each box 1 for a hit, 0 for a mistake, -1 where it met a difficult object."""
    outcome = np.zeros(len(boxes))
    if len(objects) == 0:
        return outcome
    overlaps = iou_matrix(boxes.astype(np.float32), objects.astype(np.float32))
    taken = np.zeros(len(objects), np.bool_)
    for index in np.argsort(-scores, kind="stable"):
        best = int(overlaps[index].argmax())
        if overlaps[index, best] < iou:
            continue
        if difficult[best]:
            outcome[index] = -1
        elif not taken[best]:
            outcome[index] = 1
            taken[best] = True
    return outcome
