"""Boxes as arrays: priors, their coding, overlap, suppression of doubles. Pure numpy.

Training, export and the device all use these. Boxes are continuous, (0, 0) is the corner of the
first pixel; `xyxy` is left, top, right, bottom and `cxcywh` centre, width and height. The coding
relative to priors is that of W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, with
the variances of its implementation.
"""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgevision.ops.detections import Detections

__all__ = [
    "VARIANCES",
    "PriorGrid",
    "areas",
    "clip_boxes",
    "cxcywh_of",
    "decode_boxes",
    "encode_boxes",
    "iou_matrix",
    "prior_boxes",
    "shared_areas",
    "suppress",
    "xyxy_of",
]

VARIANCES = (0.1, 0.2)
"""What offsets of centres and of sizes are divided by."""

Boxes = npt.NDArray[np.float32]
Size = tuple[int, int]
# exp(10) times a prior's side is beyond any picture.
_LOG_MAX = 10.0
_TINY = np.float32(1e-9)


class PriorGrid(Protocol):
    """The priors of one feature map: one of each size at the centre of each cell."""

    @property
    def map_wh(self) -> Size:
        """Cells of the map."""

    @property
    def sizes_wh(self) -> tuple[tuple[float, float], ...]:
        """Widths and heights in pixels of the model's input."""


def prior_boxes(grids: Iterable[PriorGrid], input_wh: Size) -> Boxes:
    """Return (N, 4) float32 cxcywh in pixels of the model's input.

    The order is map by map, row by row (y, then x), then by size, as convolutions over NHWC give it.
    """
    parts = [np.zeros((0, 4))]
    for grid in grids:
        columns, rows = grid.map_wh
        x = (np.arange(columns) + 0.5) * input_wh[0] / columns
        y = (np.arange(rows) + 0.5) * input_wh[1] / rows
        cells = np.empty((rows, columns, len(grid.sizes_wh), 4))
        cells[..., 0] = x[np.newaxis, :, np.newaxis]
        cells[..., 1] = y[:, np.newaxis, np.newaxis]
        cells[..., 2:] = grid.sizes_wh
        parts.append(cells.reshape(-1, 4))
    return np.concatenate(parts).astype(np.float32)


def decode_boxes(offsets: Boxes, priors_cxcywh: Boxes, variances: tuple[float, float] = VARIANCES) -> Boxes:
    """Return (n, 4) xyxy for (n, 4) offsets to as many priors: the inverse of `encode_boxes`."""
    centres = priors_cxcywh[:, :2] + offsets[:, :2] * np.float32(variances[0]) * priors_cxcywh[:, 2:]
    logs = np.minimum(offsets[:, 2:] * np.float32(variances[1]), np.float32(_LOG_MAX))
    halves = priors_cxcywh[:, 2:] * np.exp(logs) / 2
    return np.concatenate((centres - halves, centres + halves), axis=1)


def encode_boxes(
    boxes_xyxy: Boxes, priors_cxcywh: Boxes, variances: tuple[float, float] = VARIANCES
) -> Boxes:
    """Return (n, 4) offsets of (n, 4) boxes, none of them empty, to as many priors."""
    boxes = cxcywh_of(boxes_xyxy)
    centres = (boxes[:, :2] - priors_cxcywh[:, :2]) / priors_cxcywh[:, 2:] / np.float32(variances[0])
    sizes = np.log(boxes[:, 2:] / priors_cxcywh[:, 2:]) / np.float32(variances[1])
    return np.concatenate((centres, sizes), axis=1)


def xyxy_of(boxes_cxcywh: Boxes) -> Boxes:
    """Return (n, 4) corners for (n, 4) centres with sizes."""
    centres, halves = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:] / 2
    return np.concatenate((centres - halves, centres + halves), axis=1)


def cxcywh_of(boxes_xyxy: Boxes) -> Boxes:
    """Return (n, 4) centres with sizes for (n, 4) corners."""
    low, high = boxes_xyxy[:, :2], boxes_xyxy[:, 2:]
    return np.concatenate(((low + high) / 2, high - low), axis=1)


def iou_matrix(ones_xyxy: Boxes, others_xyxy: Boxes) -> npt.NDArray[np.float32]:
    """Return (n, m) intersection over union; 0 for boxes without area."""
    shared = shared_areas(ones_xyxy, others_xyxy)
    union = areas(ones_xyxy)[:, np.newaxis] + areas(others_xyxy) - shared
    return np.asarray(shared / np.maximum(union, _TINY), np.float32)


def clip_boxes(boxes_xyxy: Boxes, size_wh: tuple[float, float]) -> Boxes:
    """Return (n, 4) boxes cut to a picture of that size; those outside it are left without area."""
    return np.clip(boxes_xyxy, np.float32(0), np.array((*size_wh, *size_wh), np.float32))


def suppress(found: Detections, iou_threshold: float, max_detections: int) -> Detections:
    """Drop doubles: of two boxes of a class that overlap more than allowed, the lower score goes.

    Args:
        found: By falling score.
        iou_threshold: Boxes that share more than this may not both stay.
        max_detections: How many may stay, over all classes.

    Returns:
        What is left, by falling score. It never depends on findings of lower scores.
    """
    same_class = found.class_ids[:, np.newaxis] == found.class_ids
    too_near = iou_matrix(found.boxes_xyxy, found.boxes_xyxy) > iou_threshold
    overlapping = np.triu(same_class & too_near, 1)
    stays = np.ones(len(found), np.bool_)
    for index in np.flatnonzero(overlapping.any(axis=1)).tolist():
        if stays[index]:
            stays[overlapping[index]] = False
    return found[np.flatnonzero(stays)[:max_detections]]


def areas(boxes_xyxy: Boxes) -> npt.NDArray[np.float32]:
    """Return (n,) areas; 0 for boxes turned inside out."""
    width, height = boxes_xyxy[:, 2] - boxes_xyxy[:, 0], boxes_xyxy[:, 3] - boxes_xyxy[:, 1]
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0), np.float32)


def shared_areas(ones_xyxy: Boxes, others_xyxy: Boxes) -> npt.NDArray[np.float32]:
    """Return (n, m) areas that each of the ones shares with each of the others."""
    ones = ones_xyxy[:, np.newaxis]
    width = np.minimum(ones[..., 2], others_xyxy[:, 2]) - np.maximum(ones[..., 0], others_xyxy[:, 0])
    height = np.minimum(ones[..., 3], others_xyxy[:, 3]) - np.maximum(ones[..., 1], others_xyxy[:, 1])
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0), np.float32)
