"""UNet in two sizes: the classical one, and one whose every layer becomes an int8 kernel.

Both take (N, 3, H, W) float and return `Logits`. They neither normalise nor apply softmax:
that is `networks.deploy`. H and W must be multiples of the spec's stride.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from export.networks.blocks import conv_norm, double_conv, logit_layer
from export.networks.spec import NetworkSpec

__all__ = ["Logits", "UNet", "UNetLite", "build_network"]


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
        pooled = torch.cat([F.adaptive_avg_pool2d(deepest, 1), F.adaptive_max_pool2d(deepest, 1)], 1)
        return cast("Tensor", self.score(self.hidden(pooled)))


class _Pyramid(nn.Module, ABC):
    """What both networks share: stem, encoder, image head, output layer and their order."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.widths = [min(spec.base_channels << i, spec.max_channels) for i in range(spec.depth + 1)]
        top, deepest = self.widths[0], self.widths[-1]
        self.stem: nn.Module = conv_norm(3, top, stride=2) if spec.stem_stride == 2 else nn.Identity()
        inputs = [top if spec.stem_stride == 2 else 3, *self.widths[:-1]]
        self.encoder = nn.ModuleList(double_conv(i, o) for i, o in zip(inputs, self.widths, strict=True))
        self.pool = nn.MaxPool2d(2)
        self.image_head = _ImageHead(deepest, spec.classes) if spec.image_head else None
        self.output = logit_layer(top, [_BACKGROUND_LOGIT] + [0.0] * (spec.classes - 1))

    @abstractmethod
    def merge(self, level: int, below: Tensor, skip: Tensor) -> Tensor:
        """Bring `below` to the skip's resolution and join the two."""

    def forward(self, image: Tensor) -> Logits:
        """Return the logits of (N, 3, H, W) normalised pictures."""
        value = self.stem(image)
        skips: list[Tensor] = []
        for level, block in enumerate(self.encoder):
            value = block(value if level == 0 else self.pool(value))
            skips.append(value)
        of_image = self.image_head(value) if self.image_head is not None else None
        for level in reversed(range(self.spec.depth)):
            value = self.merge(level, value, skips[level])
        pixels = self.output(value)
        if of_image is not None:
            pixels = pixels + of_image
        if self.spec.stem_stride == 2:
            pixels = F.interpolate(pixels, scale_factor=2.0, mode="bilinear", align_corners=False)
        return Logits(pixels, None if of_image is None else of_image.flatten(1)[:, 1:])


class UNet(_Pyramid):
    """The classical UNet: max pooling down, transposed convolutions up."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec)
        pairs = list(zip(self.widths[:-1], self.widths[1:], strict=True))
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
        pairs = list(zip(self.widths[:-1], self.widths[1:], strict=True))
        self.narrow = nn.ModuleList(conv_norm(low, high, kernel=1) for high, low in pairs)
        self.decoder = nn.ModuleList(double_conv(2 * high, high) for high, _ in pairs)

    def merge(self, level: int, below: Tensor, skip: Tensor) -> Tensor:
        """Narrow at the low resolution, repeat pixels, concatenate, convolve twice."""
        raised = F.interpolate(self.narrow[level](below), scale_factor=2.0, mode="nearest")
        return cast("Tensor", self.decoder[level](torch.cat([skip, raised], 1)))


def build_network(spec: NetworkSpec) -> UNet | UNetLite:
    """Build the network of a spec, with fresh random weights."""
    return UNet(spec) if spec.kind == "unet" else UNetLite(spec)
