"""What each prior should answer to a labelled picture. Pure array functions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import areas, encode_boxes, iou_matrix, shared_areas, xyxy_of

__all__ = ["BACKGROUND", "IGNORED", "Matching", "Targets", "assign"]

BACKGROUND = -1
IGNORED = -2

_IGNORED_SHARE = 0.3
"""A prior of which more lies in an object that does not count is not judged."""

Boxes = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Matching:
    """From which IoU a prior shows an object, and below which it shows background."""

    positive_iou: float = 0.5
    background_iou: float = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """One row per prior."""

    class_ids: npt.NDArray[np.int64]
    """(P,): a class, `BACKGROUND` or `IGNORED`."""
    offsets: Boxes
    """(P, 4): the object a prior is to find, relative to it; zeros where there is none."""


def assign(
    priors_cxcywh: Boxes, boxes_xyxy: Boxes, class_ids: npt.NDArray[np.int64], matching: Matching
) -> Targets:
    """Match priors to objects: all that overlap enough, and for each object the best one whatever it is.

    Args:
        priors_cxcywh: (P, 4).
        boxes_xyxy: (n, 4) objects.
        class_ids: (n,); objects of class `IGNORED` make the priors that lie in them ignored.
        matching: The limits.
    """
    classes = np.full(len(priors_cxcywh), BACKGROUND, np.int64)
    offsets = np.zeros_like(priors_cxcywh)
    priors_xyxy = xyxy_of(priors_cxcywh)
    is_object = class_ids >= 0
    _ignore(classes, priors_xyxy, boxes_xyxy[~is_object])
    boxes, ids = boxes_xyxy[is_object], class_ids[is_object]
    if len(boxes) == 0:
        return Targets(classes, offsets)
    ious = iou_matrix(priors_xyxy, boxes)
    best_object = ious.argmax(1)
    best_iou = ious[np.arange(len(ious)), best_object]
    best_prior = ious.argmax(0)
    best_object[best_prior] = np.arange(len(boxes))
    best_iou[best_prior] = 1.0
    classes[(best_iou >= matching.background_iou)] = IGNORED
    positive = best_iou >= matching.positive_iou
    classes[positive] = ids[best_object[positive]]
    offsets[positive] = encode_boxes(boxes[best_object[positive]], priors_cxcywh[positive])
    return Targets(classes, offsets)


def _ignore(classes: npt.NDArray[np.int64], priors_xyxy: Boxes, boxes_xyxy: Boxes) -> None:
    if len(boxes_xyxy):
        share = shared_areas(priors_xyxy, boxes_xyxy).max(1) / areas(priors_xyxy)
        classes[share > _IGNORED_SHARE] = IGNORED
