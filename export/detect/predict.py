"""From a network's raw answer to boxes, with the device's own decoding."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgevision.ops.boxes import VARIANCES, clip_boxes, suppress
from edgevision.ops.decoders.ssd import SsdDecoder
from edgevision.ops.detections import Detections
from export.detect.canvas import Canvas
from export.networks.deploy import normalise
from export.networks.detectors import Detector
from export.networks.raw import Raw
from export.train.device import Compute

__all__ = ["LOWEST_SCORE", "as_input", "predict"]

LOWEST_SCORE = 0.01
"""From which score boxes count for average precision; those below add next to nothing."""
_IOU = 0.45
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
    """Return the boxes of a picture, in pixels of the model's input, by falling score."""
    with compute.autocast():
        raw: Raw = network(as_input(canvas.image[np.newaxis], *normalisation).to(compute.device))
    background = network.has_background
    decoder = SsdDecoder(priors_cxcywh, VARIANCES, "softmax" if background else "sigmoid", background)
    answer = [np.asarray(values.float().cpu().numpy(), np.float32) for values in raw]
    found = decoder.candidates(answer, LOWEST_SCORE).found
    height, width = canvas.image.shape[:2]
    return suppress(found.moved(clip_boxes(found.boxes_xyxy, (width, height))), _IOU, _MOST)
