"""Begins a training with weights of others instead of random ones, as far as they fit."""

from pathlib import Path

import torch
from torch import Tensor

from edgevision.errors import UsageError
from export.detect.state import DetectState
from export.detect.trained import load_trained_detector
from export.networks.loading import LoadReport, copy_fitting
from export.networks.published import load_published
from export.networks.ssd300 import Ssd300

__all__ = ["start_from"]

_FIRST_LAYER = "down.0.0.0.weight"


def start_from(state: DetectState, file: Path) -> LoadReport:
    """Give the network, and its running mean, the weights of a file.

    Args:
        state: Of a training that begins.
        file: For SSD300 a published checkpoint or an ImageNet VGG16; for ssdlite a checkpoint made
            here, of the same layers. A network that compares begins by ignoring the reference when
            the file's does not compare.

    Raises:
        UsageError: nothing in the file fits.
    """
    network = state.network
    if isinstance(network, Ssd300):
        report = load_published(network, file)
    else:
        weights = dict(load_trained_detector(file).network.state_dict())
        own = network.state_dict()[_FIRST_LAYER]
        if _FIRST_LAYER in weights:
            weights[_FIRST_LAYER] = _widened(weights[_FIRST_LAYER], own.shape[1])
        report = copy_fitting(network, weights)
        if not report.matched:
            raise UsageError(f"{file}: expected weights of an ssdlite, nothing in it fits:\n{report}")
    state.restart_average()
    return report


def _widened(weight: Tensor, channels: int) -> Tensor:
    """Let further input channels begin without influence."""
    missing = channels - weight.shape[1]
    if missing <= 0:
        return weight
    return torch.cat([weight, torch.zeros(weight.shape[0], missing, *weight.shape[2:])], 1)
