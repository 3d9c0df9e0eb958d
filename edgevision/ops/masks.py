"""From a model's raw output to probabilities, class maps and components. Pure array functions.

Written so that a picture without defects costs next to nothing: everything beyond one pass for
the maximum happens only where a class reached its threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

__all__ = [
    "Component",
    "Foreground",
    "class_map",
    "components",
    "foreground",
    "polygon_mask",
    "probabilities",
]

Planes = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]


def probabilities(
    output: npt.NDArray[np.float32],
    layout: Literal["NCHW", "NHWC"] = "NCHW",
    activation: Literal["none", "softmax", "sigmoid"] = "none",
) -> Planes:
    """Turn one output of a segment model into (C, H, W) float32 probabilities.

    A single channel is the probability of class 1 of two; the background gets the rest.

    Args:
        output: (1, C, H, W) or (1, H, W, C), as `layout` says.
        layout: Where the channels are.
        activation: What the graph left for the device to apply.
    """
    planes = output[0] if layout == "NCHW" else np.ascontiguousarray(output[0].transpose(2, 0, 1))
    planes = planes.astype(np.float32, copy=False)
    if activation == "sigmoid":
        planes = _sigmoid(planes)
    elif activation == "softmax":
        planes = _softmax(planes)
    if len(planes) == 1:
        return np.concatenate((1.0 - planes, planes))
    return planes


def _sigmoid(logits: Planes) -> Planes:
    return np.reciprocal(1.0 + np.exp(np.minimum(-logits, 88.0)))


def _softmax(logits: Planes) -> Planes:
    if len(logits) == 2:
        second = _sigmoid(logits[1] - logits[0])
        return np.stack((1.0 - second, second))
    powers = np.exp(logits - logits.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    """What class maps need of (C, H, W) probabilities, whatever the number of classes.

    All arrays are (H, W). `scores` are those of the best class that is not background.
    """

    scores: Planes
    background: Planes
    labels: Mask | None
    """Best class that is not background; None where only class 1 exists."""

    def class_map(self, threshold: float) -> Mask:
        """Return (H, W) uint8: the best class, 0 where that is background or below `threshold`."""
        if self.scores.size == 0 or self.scores.max() < threshold:
            return np.zeros(self.scores.shape, np.uint8)
        chosen = (self.scores >= threshold) & (self.scores > self.background)
        mask = chosen.view(np.uint8)
        return mask if self.labels is None else mask * self.labels

    @classmethod
    def stacked(cls, strips: Sequence["Foreground"]) -> "Foreground":
        """Join strips of one picture, given from top to bottom."""
        labels = [strip.labels for strip in strips if strip.labels is not None]
        return cls(
            np.concatenate([strip.scores for strip in strips]),
            np.concatenate([strip.background for strip in strips]),
            np.concatenate(labels) if labels else None,
        )

    def cropped(self, rows: slice, columns: slice) -> "Foreground":
        """Return a part, without copying."""
        labels = None if self.labels is None else self.labels[rows, columns]
        return Foreground(self.scores[rows, columns], self.background[rows, columns], labels)

    def resized(self, size_wh: tuple[int, int]) -> "Foreground":
        """Interpolate to another size: probabilities bilinearly, labels by the nearest pixel."""
        if (self.scores.shape[1], self.scores.shape[0]) == size_wh:
            return self
        scores, background = (
            np.asarray(cv2.resize(plane, size_wh, interpolation=cv2.INTER_LINEAR), np.float32)
            for plane in (self.scores, self.background)
        )
        if self.labels is None:
            return Foreground(scores, background, None)
        labels = cv2.resize(self.labels, size_wh, interpolation=cv2.INTER_NEAREST_EXACT)
        return Foreground(scores, background, np.asarray(labels, np.uint8))


def foreground(planes: Planes) -> Foreground:
    """Reduce (C, H, W) float32 probabilities, C at least 2, to the best class that is not background."""
    scores = planes[1]
    if len(planes) == 2:
        return Foreground(scores, planes[0], None)
    labels = np.ones(scores.shape, np.uint8)
    for class_id, plane in enumerate(planes[2:], start=2):
        better = (plane > scores).view(np.uint8)
        labels = np.maximum(labels, better * np.uint8(class_id))
        scores = np.maximum(scores, plane)
    return Foreground(scores, planes[0], labels)


def class_map(planes: Planes, threshold: float) -> Mask:
    """Return the (H, W) uint8 class ids of (C, H, W) float32 probabilities.

    A pixel belongs to its most probable class when that is not background (class 0) and reaches
    `threshold`; of equally probable classes the lower id counts.
    """
    if planes[1:].max() < threshold:
        return np.zeros(planes.shape[1:], np.uint8)
    return foreground(planes).class_map(threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One connected piece of one class."""

    class_id: int
    score: float
    """Mean probability of the class over the piece."""
    box_xyxy: tuple[int, int, int, int]
    """Right and bottom exclusive."""
    area_px: int
    outline_xy: npt.NDArray[np.int32]
    """(n, 2) closed outer outline through the centres of the border pixels."""
    mask: Mask
    """(h, w) of the box: 1 inside the piece."""


def components(class_ids: Mask, planes: Planes, min_area_px: int = 1) -> list[Component]:
    """Return the 8-connected components of every class, the largest first.

    Args:
        class_ids: (H, W) uint8, 0 is background.
        planes: (C, H, W) float32 probabilities, or (H, W): that of the class each pixel has.
        min_area_px: Smaller components are left out.
    """
    left, top, width, height = cv2.boundingRect(class_ids)
    if width == 0:
        return []
    box = (slice(top, top + height), slice(left, left + width))
    crop = np.ascontiguousarray(class_ids[box])
    planes = planes[(..., *box)]
    found = []
    for class_id in range(1, int(crop.max()) + 1):
        mask = (crop == class_id).view(np.uint8)
        scores = planes if planes.ndim == 2 else planes[class_id]
        found += _of_class(class_id, mask, scores, min_area_px, (left, top))
    return sorted(found, key=lambda component: (-component.area_px, component.box_xyxy))


def _of_class(
    class_id: int, mask: Mask, scores: Planes, min_area_px: int, offset_xy: tuple[int, int]
) -> list[Component]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for index in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[index])
        if area < min_area_px:
            continue
        box = (slice(top, top + height), slice(left, left + width))
        piece = (labels[box] == index).view(np.uint8)
        score = float(np.dot(piece.ravel(), scores[box].ravel())) / area
        x, y = left + offset_xy[0], top + offset_xy[1]
        outline = _outline(piece) + np.array((x, y), np.int32)
        found.append(
            Component(class_id, min(score, 1.0), (x, y, x + width, y + height), area, outline, piece)
        )
    return found


def _outline(piece: Mask) -> npt.NDArray[np.int32]:
    contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(max(contours, key=len), np.int32).reshape(-1, 2)


def polygon_mask(
    points_xy: npt.ArrayLike, box_xyxy: tuple[int, int, int, int], scale_xy: tuple[float, float] = (1.0, 1.0)
) -> Mask:
    """Return (h, w) uint8, 1 inside the polygon, for a box of the source drawn at `scale_xy`.

    Args:
        points_xy: (n, 2) corners in pixels of the source.
        box_xyxy: The part of the source to draw.
        scale_xy: Size of the result relative to the box.
    """
    left, top, right, bottom = box_xyxy
    size = (max(1, round((bottom - top) * scale_xy[1])), max(1, round((right - left) * scale_xy[0])))
    corners = (np.asarray(points_xy, np.float64) - (left, top)) * scale_xy
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    return mask
