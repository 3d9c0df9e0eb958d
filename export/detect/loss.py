"""The two losses of detectors: MultiBox of the SSD paper, and focal loss for networks without background.

Both add smooth L1 of the encoded boxes of the priors that show an object, and divide by their number.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from export.detect.targets import BACKGROUND, IGNORED
from export.networks.raw import Raw

__all__ = ["LossKind", "detection_loss"]

LossKind = Literal["focal", "multibox"]

_NEGATIVES_PER_POSITIVE = 3
_ALPHA, _GAMMA = 0.25, 2.0


def detection_loss(raw: Raw, boxes: Tensor, class_ids: Tensor, kind: LossKind) -> Tensor:
    """Return the loss of a batch.

    Args:
        raw: The network's answer.
        boxes: (N, P, 4) encoded targets.
        class_ids: (N, P) class, `BACKGROUND` or `IGNORED`.
        kind: focal for scores without background (sigmoid), multibox for scores that begin with it (softmax).
    """
    positive = class_ids >= 0
    count = positive.sum().clamp(min=1)
    offsets = F.smooth_l1_loss(raw.boxes.float()[positive], boxes[positive], reduction="sum")
    scores = raw.scores.float()
    of_classes = _focal(scores, class_ids) if kind == "focal" else _hard_negatives(scores, class_ids)
    return (of_classes + offsets) / count


def _focal(scores: Tensor, class_ids: Tensor) -> Tensor:
    """Focal loss (Lin et al. 2017) of independent classes, summed."""
    scores, class_ids = scores[class_ids != IGNORED], class_ids[class_ids != IGNORED]
    truth = F.one_hot(class_ids + 1, scores.shape[-1] + 1)[:, 1:].to(scores.dtype)
    cross_entropy = F.binary_cross_entropy_with_logits(scores, truth, reduction="none")
    probability = torch.sigmoid(scores)
    wrong = probability + truth - 2 * probability * truth
    weight = truth * _ALPHA + (1 - truth) * (1 - _ALPHA)
    return (weight * wrong**_GAMMA * cross_entropy).sum()


def _hard_negatives(scores: Tensor, class_ids: Tensor) -> Tensor:
    """Cross entropy of the objects and of the three times as many worst background priors, summed."""
    cross_entropy = F.cross_entropy(
        scores.flatten(0, 1), (class_ids + 1).clamp(min=0).flatten(), reduction="none"
    ).view_as(class_ids)
    positive = class_ids >= 0
    wanted = _NEGATIVES_PER_POSITIVE * positive.sum(1, keepdim=True).clamp(min=1)
    of_background = cross_entropy.masked_fill(class_ids != BACKGROUND, -1.0)
    rank = of_background.argsort(1, descending=True).argsort(1)
    hard = (rank < wanted) & (class_ids == BACKGROUND)
    return cross_entropy[positive | hard].sum()
