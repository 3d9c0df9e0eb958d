"""The loss of a segmentation network: cross entropy plus soft Dice, and that of its image head."""

import torch
from torch import Tensor
from torch.nn import functional as F

from export.networks.unet import Logits
from export.train.config import LossWeights

__all__ = ["segmentation_loss", "soft_dice_loss"]


def soft_dice_loss(probabilities: Tensor, truth_onehot: Tensor) -> Tensor:
    """Return 1 minus the mean Dice over the classes that the batch shows, background left out.

    Sums run over the whole batch, so that one missed blowhole among empty pictures still counts.
    A class that the batch does not show is left to the cross entropy: its Dice is 0 whatever the
    network says. Without any defect in the batch the loss is 0.

    Args:
        probabilities: (N, C, H, W), summing to 1 over C.
        truth_onehot: (N, C, H, W), 0 or 1.
    """
    inside = (probabilities * truth_onehot).sum((0, 2, 3))[1:]
    truth = truth_onehot.sum((0, 2, 3))[1:]
    total = probabilities.sum((0, 2, 3))[1:] + truth
    shown = (truth > 0).to(inside.dtype)
    dice = 2 * inside / total.clamp_min(1e-6)
    return ((1 - dice) * shown).sum() / shown.sum().clamp_min(1)


def segmentation_loss(logits: Logits, class_map: Tensor, weights: LossWeights) -> Tensor:
    """Return the scalar loss of a batch.

    Args:
        logits: What the network answered.
        class_map: (N, H, W) int64 class ids.
        weights: What counts how much.
    """
    pixels = logits.pixels.float()
    per_class = None if weights.classes is None else pixels.new_tensor(weights.classes)
    loss = F.cross_entropy(pixels, class_map, weight=per_class)
    onehot = F.one_hot(class_map, pixels.shape[1]).permute(0, 3, 1, 2).to(pixels.dtype)
    if weights.dice > 0:
        loss = loss + weights.dice * soft_dice_loss(pixels.softmax(1), onehot)
    if logits.image is not None and weights.image > 0:
        shown = onehot.amax((2, 3))[:, 1:]
        loss = loss + weights.image * F.binary_cross_entropy_with_logits(logits.image.float(), shown)
    return torch.as_tensor(loss)
