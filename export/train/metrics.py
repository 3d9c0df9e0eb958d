"""How good class maps are: counts over all pixels of a set, and the figures that follow from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.types import ClassMap

__all__ = ["ClassFigures", "SegmentationMetrics", "Tally"]

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of one class over all pixels of a set; NaN where neither truth nor answer shows it."""

    label: str
    iou: float
    dice: float
    precision: float
    recall: float
    tolerance_f1: float | None
    """F1 where pixels within the tolerance of the other map count; for line-like labels only."""
    truth_px: int


@dataclass(frozen=True, slots=True)
class SegmentationMetrics:
    """All figures of one set."""

    classes: tuple[ClassFigures, ...]
    """Every label but background."""
    mean_iou: float
    """Mean over the labels but background that truth or answer shows."""
    defect_iou: float
    """Any defect against background."""
    pictures: int

    def as_flat(self) -> dict[str, float]:
        """Return name → figure, for reports and manifests; what is undefined is left out."""
        flat = {"mean_iou": self.mean_iou, "defect_iou": self.defect_iou}
        for figures in self.classes:
            flat[f"iou_{figures.label}"] = figures.iou
            if figures.tolerance_f1 is not None:
                flat[f"tolerance_f1_{figures.label}"] = figures.tolerance_f1
        return {name: value for name, value in flat.items() if not np.isnan(value)}


@dataclass(slots=True)
class Tally:
    """Adds up truth against answer, picture by picture."""

    labels: Sequence[str]
    line_like: Sequence[str] = ()
    tolerance_px: int = 4
    pictures: int = 0
    confusion: Counts = field(init=False)
    """(truth, answer) pixels."""
    near: Counts = field(init=False)
    """(classes, 2): answered pixels near truth, and true pixels near the answer."""

    def __post_init__(self) -> None:
        self.confusion = np.zeros((len(self.labels), len(self.labels)), np.int64)
        self.near = np.zeros((len(self.labels), 2), np.int64)

    def add(self, truth: ClassMap, answer: ClassMap) -> None:
        """Count one picture; both are (H, W) uint8 class ids."""
        count = len(self.labels)
        pairs = truth.astype(np.int64).ravel() * count + answer.ravel()
        self.confusion += np.bincount(pairs, minlength=count * count).reshape(count, count)
        for class_id, label in enumerate(self.labels):
            if label in self.line_like:
                self.near[class_id] += _near(truth == class_id, answer == class_id, self.tolerance_px)
        self.pictures += 1

    def figures(self) -> SegmentationMetrics:
        """Return the figures of all pictures so far."""
        classes = tuple(self._of_class(class_id) for class_id in range(1, len(self.labels)))
        ious = [figures.iou for figures in classes if not np.isnan(figures.iou)]
        defect = int(self.confusion[1:, 1:].sum())
        union = int(self.confusion.sum() - self.confusion[0, 0])
        mean_iou = float(np.mean(ious)) if ious else float("nan")
        return SegmentationMetrics(classes, mean_iou, _ratio(defect, union), self.pictures)

    def _of_class(self, class_id: int) -> ClassFigures:
        hit = int(self.confusion[class_id, class_id])
        truth, answer = int(self.confusion[class_id].sum()), int(self.confusion[:, class_id].sum())
        label = self.labels[class_id]
        return ClassFigures(
            label=label,
            iou=_ratio(hit, truth + answer - hit),
            dice=_ratio(2 * hit, truth + answer),
            precision=_ratio(hit, answer),
            recall=_ratio(hit, truth),
            tolerance_f1=self._tolerance_f1(class_id, truth, answer) if label in self.line_like else None,
            truth_px=truth,
        )

    def _tolerance_f1(self, class_id: int, truth: int, answer: int) -> float:
        precise, recalled = (
            _ratio(int(self.near[class_id, 0]), answer),
            _ratio(int(self.near[class_id, 1]), truth),
        )
        if np.isnan(precise) or np.isnan(recalled):
            return 0.0 if truth or answer else float("nan")
        return _ratio(2 * precise * recalled, precise + recalled) if precise + recalled else 0.0


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _near(truth: npt.NDArray[np.bool_], answer: npt.NDArray[np.bool_], tolerance_px: int) -> Counts:
    """Return how many answered pixels lie near truth, and how many true ones near the answer."""
    side = 2 * tolerance_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    near_truth, near_answer = (cv2.dilate(mask.view(np.uint8), disc) > 0 for mask in (truth, answer))
    return np.array([(answer & near_truth).sum(), (truth & near_answer).sum()], np.int64)
