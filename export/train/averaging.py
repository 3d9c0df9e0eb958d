"""The running mean of a network's weights, which generalises better than its latest step."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

__all__ = ["Average"]

Network = TypeVar("Network", bound=nn.Module)


class Average(Generic[Network]):
    """Keeps `network`, whose weights and batch norm statistics follow another network's slowly."""

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network)
        self.network.requires_grad_(requires_grad=False).eval()
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def follow(self, network: Network) -> None:
        """Move a little towards `network`; further in the first steps, which begin at random weights."""
        self.steps += 1
        share = 1 - min(self.decay, self.steps / (self.steps + 10))
        latest = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(latest[name], share)
            else:
                value.copy_(latest[name])
