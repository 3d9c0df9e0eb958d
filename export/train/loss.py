"""The loss of a segmentation network: cross entropy plus soft Dice, and that of its image head."""

import torch
from torch import Tensor
from torch.nn import functional as F

from export.networks.unet import Logits
from export.train.config import LossWeights

__all__ = ["segmentation_loss"]


def segmentation_loss(logits: Logits, class_map: Tensor, weights: LossWeights) -> Tensor:
    """Return the scalar loss of a batch.

    Args:
        logits: What the network answered.
        class_map: (N, H, W) int64 class ids.
        weights: What counts how much.
    """
    log_shares = logits.pixels.float().log_softmax(1)
    surprise = F.nll_loss(log_shares, class_map, reduction="none")
    loss = _mean_surprise(surprise, class_map, weights.classes)
    if weights.dice > 0:
        loss = loss + weights.dice * _soft_dice_loss(log_shares.exp(), (-surprise).exp(), class_map)
    if logits.image is not None and weights.image > 0:
        shown = _shown(class_map, log_shares.shape[1])
        loss = loss + weights.image * F.binary_cross_entropy_with_logits(logits.image.float(), shown)
    return loss


def _mean_surprise(surprise: Tensor, class_map: Tensor, per_class: tuple[float, ...] | None) -> Tensor:
    if per_class is None:
        return surprise.mean()
    weight = surprise.new_tensor(per_class)[class_map]
    return (surprise * weight).sum() / weight.sum()


def _soft_dice_loss(shares: Tensor, share_of_truth: Tensor, class_map: Tensor) -> Tensor:
    """Return 1 minus the mean Dice over the classes that the batch shows, background left out.

    Sums run over the whole batch, so that one missed blowhole among empty pictures still counts.
    A class that the batch does not show is left to the cross entropy: its Dice is 0 whatever the
    network says. Without any defect in the batch the loss is 0.

    Args:
        shares: (N, C, H, W) probabilities.
        share_of_truth: (N, H, W) probability of the true class.
        class_map: (N, H, W) class ids.
    """
    classes = shares.shape[1]
    ids = class_map.flatten()
    truth = torch.bincount(ids, minlength=classes)[1:]
    hit = shares.new_zeros(classes).index_add(0, ids, share_of_truth.flatten())[1:]
    dice = 2 * hit / (shares.sum((0, 2, 3))[1:] + truth).clamp_min(1e-6)
    is_shown = (truth > 0).to(dice.dtype)
    return ((1 - dice) * is_shown).sum() / is_shown.sum().clamp_min(1)


def _shown(class_map: Tensor, classes: int) -> Tensor:
    """Return (N, C - 1): 1 where a picture shows the class."""
    flat = class_map.flatten(1)
    counts = torch.zeros(len(flat), classes, device=flat.device)
    counts.scatter_(1, flat, 1.0)
    return counts[:, 1:]
