"""From a network's raw answer to boxes, with the device's own decoding."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edgevision.ops.boxes import clip_boxes, decode_boxes, suppress
from edgevision.ops.detections import Detections
from export.detect.canvas import Canvas
from export.networks.ssdlite import Raw
from export.train.device import Compute

__all__ = ["LOWEST_SCORE", "as_input", "detections_of", "predict"]

LOWEST_SCORE = 0.01
"""Boxes below it add next to nothing to an average precision."""
_IOU = 0.45
_MOST_CANDIDATES = 1000
_MOST = 200


def as_input(images: npt.NDArray[np.uint8], mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Turn (N, H, W, C) uint8 into (N, C, H, W) float32, `(x / 255 - mean) / std` per channel.

    A pair's second half is normalised like the first.
    """
    channels = images.shape[3]
    repeated = [np.resize(np.float32(values[: min(3, channels)]), channels) for values in (mean, std)]
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    scale, shift = 1 / (255 * repeated[1]), -repeated[0] / repeated[1]
    planes = planes * torch.from_numpy(scale).view(1, -1, 1, 1) + torch.from_numpy(shift).view(1, -1, 1, 1)
    return planes.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def predict(
    network: nn.Module,
    canvas: Canvas,
    priors_cxcywh: npt.NDArray[np.float32],
    normalisation: tuple[tuple[float, ...], tuple[float, ...]],
    compute: Compute,
) -> Detections:
    """Return the boxes of a picture, in pixels of the model's input."""
    with compute.autocast():
        raw: Raw = network(as_input(canvas.image[np.newaxis], *normalisation).to(compute.device))
    background = raw.scores.shape[2] > 1 and getattr(network, "has_background", False)
    scores = raw.scores[0].float()
    probabilities = torch.softmax(scores, 1)[:, 1:] if background else torch.sigmoid(scores)
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
