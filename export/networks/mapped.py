"""A classifier of a picture by the maps of a segmenter: how much of each class it shows, and how clearly.

Pictures are few where defects are rare, and a label says nothing of where to look; a segmenter of the same
classes was told. It stays as it is: what is learnt is one layer that weighs how high and how wide each of its
classes stands out.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from export.networks.classified import Classified
from export.networks.spec import NetworkSpec
from export.networks.unet import AnyUNet, build_network

__all__ = ["MapClassifier"]

_PATCH = 16
"""Side of the patches, in pixels, that a class fills where it is more than a dot."""
_CAM_STEP = 8


class MapClassifier(nn.Module):
    """Maps (N, 3, H, W) to logits and class activation maps; both sides are multiples of 16."""

    def __init__(self, maps: NetworkSpec) -> None:
        super().__init__()
        self.segmenter: AnyUNet = build_network(maps)
        self.segmenter.requires_grad_(requires_grad=False)
        self.weigh = nn.Sequential(
            nn.BatchNorm1d(4 * maps.classes), nn.Linear(4 * maps.classes, maps.classes)
        )

    def train(self, mode: bool = True) -> "MapClassifier":
        """Let only the weighing layer learn; the segmenter's batch statistics stay."""
        super().train(mode)
        self.segmenter.eval()
        return self

    def forward(self, planes: Tensor) -> Classified:
        """Classify."""
        pixels = cast("Tensor", self.segmenter(planes).pixels).float()
        shares = torch.softmax(pixels, dim=1)
        evidence = (
            pixels.amax(dim=(2, 3)),
            shares.amax(dim=(2, 3)),
            shares.mean(dim=(2, 3)),
            F.avg_pool2d(shares, _PATCH).amax(dim=(2, 3)),
        )
        return Classified(self.weigh(torch.cat(evidence, dim=1)).float(), F.max_pool2d(pixels, _CAM_STEP))
