"""Loads weights that others trained into SSD300, and says which of them fitted.

Understood are state dicts of an SSD300 of the PyTorch implementations of 2018-2019 (`vgg.0.weight`,
`L2Norm.weight`, `extras.…`, `loc.…`, `conf.…`), of its backbone alone (`0.weight`), and of an ImageNet
VGG16 of torchvision (`features.0.weight`, `classifier.0.weight`), whose dense layers are thinned out.
"""

from pathlib import Path

from torch import Tensor

from edgevision.errors import UsageError
from export.networks.loading import LoadReport, Weights, copy_fitting, tensors_of
from export.networks.ssd300 import Ssd300
from export.train.checkpoint import load_state

__all__ = ["load_published"]

_DENSE = {"classifier.0": "vgg.31", "classifier.3": "vgg.33"}


def load_published(network: Ssd300, file: Path) -> LoadReport:
    """Copy what fits into the network. Raises UsageError when the file holds nothing of use."""
    report = copy_fitting(network, _renamed(tensors_of(load_state(file))))
    if not report.matched:
        raise UsageError(
            f"{file}: expected weights of an SSD300 or of a VGG16, nothing in it fits:\n{report}"
        )
    return report


def _renamed(given: Weights) -> Weights:
    renamed: Weights = {}
    for name, value in given.items():
        layer, _, kind = name.rpartition(".")
        if name.startswith("features."):
            renamed[f"vgg.{name.removeprefix('features.')}"] = value
        elif layer in _DENSE:
            renamed[f"{_DENSE[layer]}.{kind}"] = _thinned(value)
        elif layer.isdecimal():
            renamed[f"vgg.{name}"] = value
        else:
            renamed[name.replace("L2Norm.", "l2_norm.")] = value
    return renamed


def _thinned(dense: Tensor) -> Tensor:
    """Make a dense layer a convolution by taking every fourth output, input and every third pixel.

    As L. Chen et al. do in "DeepLab" (2015), whence SSD has its backbone: 4096 become 1024, 7x7 pixels 3x3.
    """
    kept = dense[::4]
    if dense.ndim == 1:
        return kept
    if dense.shape[1] == 512 * 49:
        return kept.view(-1, 512, 7, 7)[:, :, ::3, ::3].contiguous()
    return kept[:, ::4, None, None].contiguous()
