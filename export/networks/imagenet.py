"""Loads an ImageNet VGG16 with batch norm, as torchvision names its layers, into a classifier.

Its convolutions get their maps of features; what says which of the thousand classes it is stays out.
"""

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from edgevision.errors import UsageError
from export.networks.classifier import Classifier
from export.networks.loading import LoadReport, Weights, copy_fitting, tensors_of
from export.train.checkpoint import load_state

__all__ = ["load_imagenet"]

_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def load_imagenet(network: Classifier, file: Path) -> LoadReport:
    """Copy what fits into a `vgg16-bn`. Raises UsageError when the file holds no such network."""
    given = tensors_of(load_state(file))
    report = copy_fitting(network, _renamed(network, given))
    if not any(name.endswith("running_mean") for name in report.matched):
        raise UsageError(
            f"{file}: expected an ImageNet VGG16 with batch norm (torchvision's vgg16_bn), nothing in it "
            f"fits:\n{report}"
        )
    return report


def _renamed(network: Classifier, given: Weights) -> Weights:
    """Return the tensors by the names of the network; those of layers that it lacks keep theirs."""
    renamed = dict(given)
    for ours, convolution, norm in _layers(network):
        weight, shift = (renamed.pop(f"{convolution}.{kind}", None) for kind in ("weight", "bias"))
        known = {kind: value for kind in _NORM if (value := renamed.pop(f"{norm}.{kind}", None)) is not None}
        if shift is not None and "running_mean" in known:
            # Here convolutions have no bias: what the norm subtracts takes it in.
            known["running_mean"] = known["running_mean"] - shift
        if weight is not None:
            renamed[f"{ours}.0.weight"] = _for_grey(weight) if network.spec.channels == 1 else weight
        renamed |= {f"{ours}.1.{kind}": value for kind, value in known.items()}
    return renamed


def _for_grey(weight: Tensor) -> Tensor:
    """Let a layer that sees three colours see one: a grey picture is one whose colours are the same."""
    return weight.sum(1, keepdim=True) if weight.ndim == 4 and weight.shape[1] == 3 else weight


def _layers(network: Classifier) -> Iterator[tuple[str, str, str]]:
    """Yield the names of each block here, and of its convolution and its batch norm there."""
    ours = theirs = 0
    for _, count in network.spec.stages:
        for _ in range(count):
            yield f"features.{ours}", f"features.{theirs}", f"features.{theirs + 1}"
            ours, theirs = ours + 1, theirs + 3
        ours, theirs = ours + 1, theirs + 1
