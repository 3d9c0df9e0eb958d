"""From a model's raw output to probabilities, class maps and components. Pure array functions.

Written so that a picture without defects costs next to nothing: everything beyond one pass for
the maximum happens only where a class reached its threshold.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

__all__ = [
    "Component",
    "Foreground",
    "class_map",
    "components",
    "foreground",
    "probabilities",
]

Planes = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]
Box = tuple[int, int, int, int]


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
    return _two_classes(planes[0]) if len(planes) == 1 else planes


def _sigmoid(logits: Planes) -> Planes:
    odds = np.minimum(np.negative(logits), 88.0)  # exp(88) is the end of float32
    np.exp(odds, out=odds)
    odds += 1.0
    return np.reciprocal(odds, out=odds)


def _softmax(logits: Planes) -> Planes:
    if len(logits) == 2:
        return _two_classes(_sigmoid(logits[1] - logits[0]))
    powers = np.asarray(np.exp(logits - logits.max(axis=0)), np.float32)
    powers /= powers.sum(axis=0)
    return powers


def _two_classes(second: Planes) -> Planes:
    planes = np.empty((2, *second.shape), np.float32)
    np.subtract(1.0, second, out=planes[0])
    planes[1] = second
    return planes


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
    def stacked(cls, strips: Sequence[tuple[int, Planes | None]], size_wh: tuple[int, int]) -> "Foreground":
        """Join strips of (C, rows, W) probabilities, each with its first row; None has no foreground."""
        shape = (size_wh[1], size_wh[0])
        scores, background = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        labels = None
        for top, planes in strips:
            if planes is None:
                continue
            strip = foreground(planes)
            rows = slice(top, top + planes.shape[1])
            scores[rows], background[rows] = strip.scores, strip.background
            if strip.labels is not None:
                labels = np.zeros(shape, np.uint8) if labels is None else labels
                labels[rows] = strip.labels
        return cls(scores, background, labels)

    def cropped(self, rows: slice, columns: slice) -> "Foreground":
        """Return a part, without copying."""
        labels = None if self.labels is None else self.labels[rows, columns]
        return Foreground(self.scores[rows, columns], self.background[rows, columns], labels)

    def window(self, threshold: float, size_wh: tuple[int, int]) -> Box:
        """Return the box, seen at `size_wh`, outside of which no score reaches `threshold`."""
        left, top, width, height = cv2.boundingRect((self.scores >= threshold).view(np.uint8))
        shape = self.scores.shape
        x_scale, y_scale = size_wh[0] / shape[1], size_wh[1] / shape[0]
        return (
            max(0, math.floor((left - 1) * x_scale)),
            max(0, math.floor((top - 1) * y_scale)),
            min(size_wh[0], math.ceil((left + width + 1) * x_scale)),
            min(size_wh[1], math.ceil((top + height + 1) * y_scale)),
        )

    def resized(self, size_wh: tuple[int, int], window_xyxy: Box | None = None) -> "Foreground":
        """Interpolate to another size: probabilities bilinearly, labels by the nearest pixel.

        Returns the whole, or only a window of what has `size_wh`.
        """
        left, top, right, bottom = window_xyxy or (0, 0, *size_wh)
        height, width = self.scores.shape
        if (width, height) == size_wh:
            return self.cropped(slice(top, bottom), slice(left, right))
        x_step, y_step = width / size_wh[0], height / size_wh[1]
        x_first, y_first = (left + 0.5) * x_step - 0.5, (top + 0.5) * y_step - 0.5
        matrix, shape = np.array([[x_step, 0, x_first], [0, y_step, y_first]]), (right - left, bottom - top)

        def warped(plane: Array, interpolation: int) -> Any:
            flags = interpolation | cv2.WARP_INVERSE_MAP
            return cv2.warpAffine(plane, matrix, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)

        scores, background = (warped(plane, cv2.INTER_LINEAR) for plane in (self.scores, self.background))
        labels = None if self.labels is None else warped(self.labels, cv2.INTER_NEAREST)
        return Foreground(scores, background, labels)


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
        x, y, w, h = cv2.boundingRect(mask)
        if w:
            near = (slice(y, y + h), slice(x, x + w))
            scores = (planes if planes.ndim == 2 else planes[class_id])[near]
            found += _of_class(class_id, mask[near], scores, min_area_px, (left + x, top + y))
    return sorted(found, key=lambda component: (-component.area_px, component.box_xyxy))


def _of_class(
    class_id: int, mask: Mask, scores: Planes, min_area_px: int, offset_xy: tuple[int, int]
) -> list[Component]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for index in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= min_area_px).tolist():
        if index == 0:
            continue  # what is not set
        left, top, width, height, area = stats[index].tolist()
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
