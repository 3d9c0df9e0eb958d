"""Classifiers that show what speaks for each class: VGG16 with batch norm, EfficientNet-Lite0, a light one.

K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR
2015. Instead of fully connected layers, which fix the input's size, one 1x1 convolution gives a class
activation map for each class (B. Zhou et al., CVPR 2016): any input size. Logits are smooth maxima of the
maps, log-sum-exp with r = 4 (P. Pinheiro, R. Collobert, "From image-level to pixel-level labeling", CVPR
2015): in a mean a defect of a few pixels would be lost.
"""

import math
from typing import Annotated, Literal, cast

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from export.networks.blocks import conv_norm
from export.networks.classified import Classified
from export.networks.efficientnet import EfficientNetLite0

__all__ = ["Classifier", "ClassifierSpec"]

_SHARPNESS = 4.0
_VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
_LIGHT = ((24, 1), (48, 2), (96, 2))


class ClassifierSpec(BaseModel):
    """The network's shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["vgg16-bn", "light", "efficient", "unet-lite"] = "light"
    """unet-lite: by the maps of a segmenter, see `networks.mapped`; the others are built here."""
    classes: Annotated[int, Field(ge=2, le=1000)]
    channels: Literal[1, 3] = 3
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.1

    @property
    def stages(self) -> tuple[tuple[int, int], ...]:
        """Return width and number of convolutions between two halvings."""
        return _VGG16 if self.kind == "vgg16-bn" else _LIGHT


class Classifier(nn.Module):
    """Maps (N, channels, H, W) to logits and class activation maps."""

    def __init__(self, spec: ClassifierSpec) -> None:
        super().__init__()
        self.spec = spec
        layers, width = _efficient() if spec.kind == "efficient" else _plain(spec)
        self.features = nn.Sequential(*layers, nn.Dropout2d(spec.dropout))
        self.classes = nn.Conv2d(width, spec.classes, 1)

    def forward(self, planes: Tensor) -> Classified:
        """Classify."""
        cam = self.classes(self.features(planes)).float()
        cells = cam.flatten(2) * _SHARPNESS
        smooth_max = (torch.logsumexp(cells, dim=2) - math.log(cells.shape[2])) / _SHARPNESS
        return Classified(smooth_max, cam)


def _plain(spec: ClassifierSpec) -> tuple[list[nn.Module], int]:
    """Return convolutions with a halving after each stage, and how many maps they end in."""
    layers: list[nn.Module] = []
    width: int = spec.channels
    for stage_width, count in spec.stages:
        for _ in range(count):
            is_light_stem = spec.kind == "light" and not layers
            layers.append(conv_norm(width, stage_width, stride=2 if is_light_stem else 1))
            width = stage_width
        layers.append(nn.MaxPool2d(2))
    return layers, width


class _Deepest(nn.Module):
    """The coarsest of the maps of an EfficientNet-Lite0."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite0()

    def forward(self, planes: Tensor) -> Tensor:
        return cast("Tensor", self.encoder(planes)[-1])


def _efficient() -> tuple[list[nn.Module], int]:
    return [_Deepest()], EfficientNetLite0.widths[-1]
