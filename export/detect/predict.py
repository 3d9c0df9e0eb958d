"""From a network's raw answer to boxes, with the device's own decoding."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgevision.ops.boxes import clip_boxes, decode_boxes, suppress
from edgevision.ops.detections import Detections
from export.detect.canvas import Canvas
from export.networks.deploy import normalise
from export.networks.detectors import Detector
from export.networks.raw import Raw
from export.train.device import Compute

__all__ = ["LOWEST_SCORE", "as_input", "detections_of", "predict"]

LOWEST_SCORE = 0.01
"""Boxes below it add next to nothing to an average precision."""
_IOU = 0.45
_MOST_CANDIDATES = 1000
_MOST = 200


def as_input(images: npt.NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Turn (N, H, W, C) uint8 into normalised (N, C, H, W) float32."""
    planes = normalise(torch.from_numpy(images), mean, std)
    return planes.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def predict(
    network: Detector,
    canvas: Canvas,
    priors_cxcywh: npt.NDArray[np.float32],
    normalisation: tuple[tuple[float, ...], tuple[float, ...]],
    compute: Compute,
) -> Detections:
    """Return the boxes of a picture, in pixels of the model's input."""
    with compute.autocast():
        raw: Raw = network(as_input(canvas.image[np.newaxis], *normalisation).to(compute.device))
    scores = raw.scores[0].float()
    probabilities = torch.softmax(scores, 1)[:, 1:] if network.has_background else torch.sigmoid(scores)
    found = detections_of(raw.boxes[0].float().cpu().numpy(), probabilities.cpu().numpy(), priors_cxcywh)
    height, width = canvas.image.shape[:2]
    return found.moved(clip_boxes(found.boxes_xyxy, (width, height)))


def detections_of(
    offsets: npt.NDArray[np.float32],
    probabilities: npt.NDArray[np.float32],
    priors_cxcywh: npt.NDArray[np.float32],
) -> Detections:
    """Decode (P, 4) offsets and (P, C) probabilities and drop doubles."""
    rows, classes = np.nonzero(probabilities >= LOWEST_SCORE)
    scores = probabilities[rows, classes]
    order = np.argsort(-scores, kind="stable")[:_MOST_CANDIDATES]
    rows, classes = rows[order], classes[order]
    boxes = decode_boxes(offsets[rows], priors_cxcywh[rows])
    return suppress(Detections(boxes, scores[order], classes.astype(np.int64)), _IOU, _MOST)
