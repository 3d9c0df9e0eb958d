"""The running mean of a network's weights, which generalises better than its latest step."""

import copy
from typing import cast

import torch

from export.networks.unet import UNet, UNetLite

__all__ = ["Average"]


class Average:
    """Keeps `network`, whose weights and batch norm statistics follow another network's slowly."""

    def __init__(self, network: UNet | UNetLite, decay: float) -> None:
        self.network = cast("UNet | UNetLite", copy.deepcopy(network).requires_grad_(requires_grad=False))  # type: ignore[redundant-cast]
        self.network.eval()
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def follow(self, network: UNet | UNetLite) -> None:
        """Move a little towards `network`; further in the first steps, which begin at random weights."""
        self.steps += 1
        share = 1 - min(self.decay, self.steps / (self.steps + 10))
        latest = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(latest[name], share)
            else:
                value.copy_(latest[name])
