"""UNet in three kinds: the classical one, one that quantises fully, and one whose encoder knows ImageNet.

All take (N, 3, H, W) float and return `Logits`. They neither normalise nor apply softmax:
that is `networks.deploy`. H and W must be multiples of the spec's stride.
"""

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from export.networks.blocks import conv_norm, double_conv, logit_layer
from export.networks.efficientnet import EfficientNetLite0
from export.networks.spec import NetworkSpec

__all__ = ["AnyUNet", "Logits", "UNet", "UNetEfficient", "UNetLite", "build_network"]


_BACKGROUND_LOGIT = 4.0


class Logits(NamedTuple):
    """What a network answers, before softmax and sigmoid."""

    pixels: Tensor
    """(N, C, H, W)."""
    image: Tensor | None
    """(N, C - 1): does the picture show each class but background; None without an image head."""


class _ImageHead(nn.Module):
    """Says from the deepest level which classes the picture shows."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Conv2d(2 * channels, channels, 1), nn.ReLU(inplace=True))
        self.score = logit_layer(channels, [0.0] * classes)

    def forward(self, deepest: Tensor) -> Tensor:
        pooled = torch.cat([F.adaptive_avg_pool2d(deepest, 1), deepest.amax((2, 3), keepdim=True)], 1)
        return cast("Tensor", self.score(self.hidden(pooled)))


class _UNet(nn.Module, ABC):
    """What all kinds share: image head, output layer and their order."""

    def __init__(self, spec: NetworkSpec, deepest: int) -> None:
        super().__init__()
        self.spec = spec
        self.image_head = _ImageHead(deepest, spec.classes) if spec.image_head else None
        self.output = logit_layer(spec.widths[0], [_BACKGROUND_LOGIT] + [0.0] * (spec.classes - 1))

    @abstractmethod
    def encode(self, image: Tensor) -> list[Tensor]:
        """Return the maps of all levels, the finest first."""

    @abstractmethod
    def merge(self, level: int, below: Tensor, skip: Tensor) -> Tensor:
        """Bring `below` to the skip's resolution and join the two."""

    def forward(self, image: Tensor) -> Logits:
        """Return the logits of (N, 3, H, W) normalised pictures."""
        *skips, value = self.encode(image)
        of_image = self.image_head(value) if self.image_head is not None else None
        for level in reversed(range(self.spec.depth)):
            value = self.merge(level, value, skips[level])
        pixels = self.output(value)
        if of_image is not None:
            pixels = pixels + of_image
        if self.spec.stem_stride == 2:
            pixels = F.interpolate(pixels, scale_factor=2.0, mode="bilinear", align_corners=False)
        return Logits(pixels, None if of_image is None else of_image.flatten(1)[:, 1:])


class _Pyramid(_UNet):
    """Two convolutions on each level of the encoder, learnt from nothing."""

    def __init__(self, spec: NetworkSpec) -> None:
        widths = spec.widths
        super().__init__(spec, widths[-1])
        self.stem: nn.Module = conv_norm(3, widths[0], stride=2) if spec.stem_stride == 2 else nn.Identity()
        inputs = [widths[0] if spec.stem_stride == 2 else 3, *widths[:-1]]
        self.encoder = nn.ModuleList(double_conv(i, o) for i, o in zip(inputs, widths, strict=True))
        self.pool = nn.MaxPool2d(2)

    def encode(self, image: Tensor) -> list[Tensor]:
        """Convolve, halve, convolve again, once for each level."""
        value = self.stem(image)
        maps: list[Tensor] = []
        for level, block in enumerate(self.encoder):
            value = block(value if level == 0 else self.pool(value))
            maps.append(value)
        return maps


class UNet(_Pyramid):
    """The classical UNet: max pooling down, transposed convolutions up."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec)
        pairs = list(pairwise(spec.widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(low, high, 2, stride=2) for high, low in pairs)
        self.decoder = nn.ModuleList(double_conv(2 * high, high) for high, _ in pairs)

    def merge(self, level: int, below: Tensor, skip: Tensor) -> Tensor:
        """Upsample by a transposed convolution, concatenate, convolve twice."""
        return cast("Tensor", self.decoder[level](torch.cat([skip, self.up[level](below)], 1)))


class UNetLite(_Pyramid):
    """A UNet whose decoder narrows, repeats pixels and convolves: no layer stays float in int8.

    Both halves of every concatenation come straight from a ReLU, so that they share a scale well.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec)
        pairs = list(pairwise(spec.widths))
        self.narrow = nn.ModuleList(conv_norm(low, high, kernel=1) for high, low in pairs)
        self.decoder = nn.ModuleList(double_conv(2 * high, high) for high, _ in pairs)

    def merge(self, level: int, below: Tensor, skip: Tensor) -> Tensor:
        """Narrow at the low resolution, repeat pixels, concatenate, convolve twice."""
        raised = F.interpolate(self.narrow[level](below), scale_factor=2.0, mode="nearest")
        return cast("Tensor", self.decoder[level](torch.cat([skip, raised], 1)))


class UNetEfficient(_UNet):
    """The decoder of `UNetLite` on an EfficientNet-Lite0, which can begin with ImageNet's weights.

    For few pictures: what textures and edges look like need not be learnt from them.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        *skips, deepest = EfficientNetLite0.widths
        super().__init__(spec, deepest)
        self.encoder = EfficientNetLite0()
        widths = spec.widths[: spec.depth]
        inputs = [*widths[1:], deepest]
        self.narrow = nn.ModuleList(conv_norm(i, o, kernel=1) for i, o in zip(inputs, widths, strict=True))
        self.decoder = nn.ModuleList(double_conv(s + o, o) for s, o in zip(skips, widths, strict=True))

    def encode(self, image: Tensor) -> list[Tensor]:
        """Return what the encoder sees."""
        return cast("list[Tensor]", self.encoder(image))

    def merge(self, level: int, below: Tensor, skip: Tensor) -> Tensor:
        """Narrow at the low resolution, repeat pixels, concatenate, convolve twice."""
        raised = F.interpolate(self.narrow[level](below), scale_factor=2.0, mode="nearest")
        return cast("Tensor", self.decoder[level](torch.cat([skip, raised], 1)))


AnyUNet = UNet | UNetLite | UNetEfficient

_KINDS: Final[dict[str, type[AnyUNet]]] = {
    "unet": UNet,
    "unet-lite": UNetLite,
    "unet-efficient": UNetEfficient,
}


def build_network(spec: NetworkSpec) -> AnyUNet:
    """Build the network of a spec, with fresh random weights."""
    return _KINDS[spec.kind](spec)
