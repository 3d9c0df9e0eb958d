"""Where a torch model comes from: a checkpoint made here, or any factory function of the user's."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgevision.bundle.classifyspec import ClassifySpec
from edgevision.errors import UsageError
from edgevision.ops.boxes import VARIANCES
from export.classify.trained import is_classifier, load_trained_classifier
from export.data.view import View
from export.description import Description, DetectDescription, ForeignOutput
from export.detect.trained import is_detector, load_trained_detector
from export.embed.trained import is_embedder, load_trained_embedder
from export.networks.deploy import Deployable, DeployableClassifier, DeployableDetector, DeployableEmbedder
from export.train.checkpoint import load_state, load_trained
from export.train.config import TrainConfig

__all__ = ["FromBytes", "TorchSource", "load_torch"]


@dataclass(frozen=True, slots=True, eq=False)
class TorchSource:
    """A torch module in deployable form, with everything known of it."""

    name: str
    """Path of the checkpoint, or `module:function`: what `load_torch` takes."""
    module: nn.Module
    """Takes (1, H, W, C) uint8, returns (1, classes, H, W) probabilities, or a detector's raw answer."""
    description: Description
    """Completed by what the checkpoint says, and true of `module`."""
    given: Description
    """As the user wrote it."""
    training: dict[str, Any]
    minutes: float


class FromBytes(nn.Module):
    """A user's network with normalisation before and the described activation behind it."""

    scale: Tensor
    shift: Tensor

    def __init__(self, network: nn.Module, description: Description) -> None:
        super().__init__()
        self.network = network
        self.activation = description.output.activation
        mean, std = (_per_channel(v, description.channels) for v in (description.mean, description.std))
        self.register_buffer("scale", 1.0 / (255.0 * std))
        self.register_buffer("shift", -mean / std)

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, H, W, C) uint8 to (N, classes, H, W) float32 probabilities."""
        answer: Tensor = self.network(image.permute(0, 3, 1, 2).float() * self.scale + self.shift)
        if self.activation == "softmax":
            return torch.softmax(answer, dim=1)
        return torch.sigmoid(answer) if self.activation == "sigmoid" else answer


def _per_channel(values: Sequence[float], channels: int) -> Tensor:
    return torch.tensor(values[:channels]).view(1, channels, 1, 1)


def load_torch(source: str, description: Description) -> TorchSource:
    """Load `FILE.pt` or `module:function`.

    Raises:
        UsageError: there is no such thing, or it is of no use.
    """
    if Path(source).suffix in (".pt", ".pth") or ":" not in source:
        return _from_checkpoint(Path(source), description)
    network = _made_by(source)
    if not description.labels and description.embed is None:
        raise UsageError(
            f"{source}: expected labels in the description, got none; list them, background first"
        )
    if description.output.layout != "NCHW":
        raise UsageError(f"{source}: expected output.layout NCHW for a torch module, got NHWC")
    module = FromBytes(network, description)
    completed = description.model_copy(update={"output": ForeignOutput()})
    return TorchSource(source, module, completed, description, {}, 0.0)


def _from_checkpoint(file: Path, description: Description) -> TorchSource:
    state = load_state(file)
    if is_detector(state):
        return _from_detector(file, description)
    if is_embedder(state):
        return _from_embedder(file, description)
    if is_classifier(state):
        return _from_classifier(file, description)
    trained = load_trained(file)
    _require_labels(file, description, trained.labels)
    line_like = description.line_like
    if trained.config and not line_like:
        line_like = TrainConfig.model_validate(trained.config).line_like
    completed = description.model_copy(
        update={
            "labels": trained.labels,
            "line_like": line_like,
            "view": trained.view,
            "color": "RGB",
            "mean": trained.mean,
            "std": trained.std,
            "output": ForeignOutput(),
        }
    )
    module = Deployable(trained.network, trained.mean, trained.std)
    return TorchSource(str(file.absolute()), module, completed, description, trained.config, trained.minutes)


def _from_detector(file: Path, description: Description) -> TorchSource:
    trained = load_trained_detector(file)
    _require_labels(file, description, trained.labels)
    has_background = trained.network.has_background
    detect = (description.detect or DetectDescription()).model_copy(
        update={
            "decoder": "ssd",
            "priors": trained.priors,
            "variances": VARIANCES,
            "background": has_background,
            "pair": trained.view.pair,
        }
    )
    completed = description.model_copy(
        update={
            "labels": trained.labels,
            "view": View(size_wh=trained.view.size_wh, scaling=trained.view.scaling),
            "color": trained.view.color,
            "mean": trained.mean,
            "std": trained.std,
            "output": ForeignOutput(activation="softmax" if has_background else "sigmoid"),
            "detect": detect,
        }
    )
    module = DeployableDetector(trained.network, trained.mean, trained.std)
    return TorchSource(str(file.absolute()), module, completed, description, trained.config, trained.minutes)


def _from_embedder(file: Path, description: Description) -> TorchSource:
    trained = load_trained_embedder(file)
    if description.embed is None:
        raise UsageError(f"{file}: an embedder; expected a part embed in its description")
    spec = trained.network.spec
    embed = description.embed.model_copy(update={"dimensions": spec.dimensions})
    if trained.margin is not None:
        embed = embed.model_copy(update={"margin": trained.margin, "landmarks_xy": None})
    completed = description.model_copy(
        update={
            "view": View(size_wh=(spec.side_px, spec.side_px)),
            "color": "GRAY" if spec.channels == 1 else "RGB",
            "mean": (trained.mean,) * 3,
            "std": (trained.std,) * 3,
            "output": ForeignOutput(),
            "embed": embed,
        }
    )
    module = DeployableEmbedder(trained.network, trained.mean, trained.std)
    return TorchSource(str(file.absolute()), module, completed, description, trained.config, trained.minutes)


def _from_classifier(file: Path, description: Description) -> TorchSource:
    trained = load_trained_classifier(file)
    _require_labels(file, description, trained.labels)
    completed = description.model_copy(
        update={
            "labels": trained.labels,
            "view": View(size_wh=trained.view.size_wh),
            "color": trained.view.color,
            "mean": trained.mean,
            "std": trained.std,
            "output": ForeignOutput(),
            "classify": ClassifySpec(temperature=trained.temperature, scaling=trained.view.scaling),
        }
    )
    channels = 1 if trained.view.color == "GRAY" else 3
    module = DeployableClassifier(trained.network, channels, trained.mean, trained.std)
    return TorchSource(str(file.absolute()), module, completed, description, trained.config, trained.minutes)


def _require_labels(file: Path, description: Description, labels: tuple[str, ...]) -> None:
    if description.labels not in ((), labels):
        raise UsageError(
            f"{file}: trained on the labels {', '.join(labels)}; the description says "
            f"{', '.join(description.labels)}; leave them out there"
        )


def _made_by(source: str) -> nn.Module:
    module_name, _, function_name = source.partition(":")
    try:
        made = getattr(importlib.import_module(module_name), function_name)()
    except Exception as error:  # the user's own code can raise anything
        raise UsageError(
            f"{source}: expected MODULE:FUNCTION that returns a torch module, got {type(error).__name__}: "
            f"{error}; is the folder on PYTHONPATH?"
        ) from error
    if not isinstance(made, nn.Module):
        raise UsageError(f"{source}: expected a torch.nn.Module, got {type(made).__name__}")
    return made
