"""Raw answers of detect models: as numbers that can be compared, and as nothing found."""

from collections.abc import Sequence

import numpy as np

from edgevision.bundle.manifest import Manifest
from edgevision.ops.decoders.yunet import STRIDES
from edgevision.ports import Tensor
from export.subject import Values

__all__ = ["comparable", "empty_answer"]


def comparable(answer: Sequence[Tensor], manifest: Manifest) -> Values:
    """Return all scores, and all boxes times the highest score of each, as one row of numbers.

    Boxes count in sides of their priors, or of the input where there are none: a box whose score is
    nearly 0 may lie anywhere.
    """
    spec = manifest.require_detect()
    size = np.array(manifest.input.size_wh * 2, np.float32)
    match spec.decoder:
        case "ssd":
            boxes = answer[0][0] * np.float32(np.repeat(spec.variances, 2))
            scores = _activated(answer[1][0], manifest)
        case "ssd-decoded":
            boxes, scores = answer[0][0] / size, _activated(answer[1][0], manifest)
        case "yolov5":
            boxes, scores = answer[0][0][:, :4] / size, answer[0][0][:, 5:] * answer[0][0][:, 4:5]
        case "yolov8":
            boxes, scores = answer[0][0][:4].T / size, answer[0][0][4:].T
        case "yunet":
            certainty, objects, boxes = (
                np.concatenate([level[0] for level in answer[first : first + 3]]) for first in (0, 3, 6)
            )
            scores = certainty * objects
    weighted = boxes * scores.max(axis=1, keepdims=True)
    return np.concatenate((scores.ravel(), weighted.ravel())).astype(np.float32)


def _activated(raw: Tensor, manifest: Manifest) -> Tensor:
    """Return probabilities without background."""
    first = int(manifest.require_detect().background)
    match manifest.outputs[1].activation:
        case "softmax":
            powers = np.exp(raw - raw.max(axis=1, keepdims=True))
            return np.asarray((powers / powers.sum(axis=1, keepdims=True))[:, first:])
        case "sigmoid":
            return np.asarray(1 / (1 + np.exp(-np.clip(raw[:, first:], -80, 80))))
        case "none":
            return raw[:, first:]


def empty_answer(manifest: Manifest) -> tuple[Tensor, ...]:
    """Return an answer without any box."""
    spec, classes = manifest.require_detect(), len(manifest.labels)
    match spec.decoder:
        case "yolov5":
            return (np.zeros((1, 0, 5 + classes), np.float32),)
        case "yolov8":
            return (np.zeros((1, 4 + classes, 0), np.float32),)
        case "yunet":
            width, height = manifest.input.size_wh
            cells = [(width // stride) * (height // stride) for stride in STRIDES]
            return tuple(np.zeros((1, n, values), np.float32) for values in (1, 1, 4, 10) for n in cells)
        case "ssd" | "ssd-decoded":
            boxes, scores = (1, 0, 4), (1, 0, classes + spec.background)
            return np.zeros(boxes, np.float32), np.zeros(scores, np.float32)
