"""A MobileFaceNet-class network: a small picture in, one vector out; on request it first turns upright.

S. Chen, Y. Liu, X. Gao, Z. Han, "MobileFaceNets", 2018: bottlenecks, and a global depthwise
convolution instead of pooling, because places in an aligned picture are not alike. ReLU instead of PReLU,
which quantises without loss and folds. The first stages use full convolutions where those are faster
than depthwise ones (M. Tan, Q. Le, "EfficientNetV2", 2021). The part that turns upright is a spatial
transformer (M. Jaderberg et al., 2015) that learns from known positions.
"""

from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from export.networks.blocks import conv_norm

__all__ = ["Embedded", "Embedder", "EmbedderSpec", "Stage"]

Count = Annotated[int, Field(ge=1, le=4096)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Part):
    """Blocks of one width; the first of them halves the picture when `stride` is 2."""

    width: Count
    blocks: Count = 1
    stride: Literal[1, 2] = 1
    expand: Count = 2
    depthwise: bool = True


class EmbedderSpec(_Part):
    """The network's shape."""

    kind: Literal["bottlenecks"] = "bottlenecks"
    channels: Literal[1, 3] = 1
    side_px: Count = 112
    upright_px: Count | None = None
    """Side of the upright picture that the network makes for itself; absent: pictures come aligned."""
    stem: Count = 32
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    head: Count = 512
    dimensions: Count = 128

    @model_validator(mode="after")
    def _consistent(self) -> "EmbedderSpec":
        if (self.upright_px or self.side_px) % self.stride:
            side = self.upright_px or self.side_px
            msg = f"expected stages that divide {side} px evenly, got a stride of {self.stride}"
            raise ValueError(msg)
        return self

    @property
    def stride(self) -> int:
        """By how much the last map is smaller than what the stem sees."""
        halvings = 1 + sum(stage.stride == 2 for stage in self.stages)
        return int(2**halvings)


class Embedded(NamedTuple):
    """The answer."""

    vector: Tensor
    """(N, D), of any length."""
    similarity: Tensor | None
    """(N, 4) where the upright square was found, see `canonical_similarity`."""


class Embedder(nn.Module):
    """Maps (N, C, side, side) to vectors."""

    def __init__(self, spec: EmbedderSpec) -> None:
        super().__init__()
        self.spec = spec
        seen_px = spec.upright_px or spec.side_px
        self.upright = (
            None if spec.upright_px is None else Upright(spec.channels, spec.side_px, spec.upright_px)
        )
        layers: list[nn.Module] = [conv_norm(spec.channels, spec.stem, stride=2)]
        width = spec.stem
        for stage in spec.stages:
            for index in range(stage.blocks):
                layers.append(_Block(width, stage, stage.stride if index == 0 else 1))
                width = stage.width
        self.features = nn.Sequential(*layers, conv_norm(width, spec.head, kernel=1))
        self.embed = nn.Sequential(
            _everywhere(spec.head, seen_px // spec.stride),
            nn.Conv2d(spec.head, spec.dimensions, 1, bias=False),
            nn.BatchNorm2d(spec.dimensions),
        )

    def forward(self, planes: Tensor, known: Tensor | None = None) -> Embedded:
        """Embed; where `known` (N, 4) has a row without NaN, that is used to turn upright."""
        similarity = None
        if self.upright is not None:
            similarity = self.upright.find(planes)
            used = similarity.detach()
            if known is not None:
                used = torch.where(torch.isnan(known), used, known)
            planes = self.upright.turned(planes, used)
        return Embedded(self.embed(self.features(planes)).flatten(1), similarity)


class Upright(nn.Module):
    """Finds how the square in a picture is turned, and shows it upright."""

    base: Tensor

    def __init__(self, channels: int, side_px: int, upright_px: int) -> None:
        super().__init__()
        self.upright_px = upright_px
        self.features = nn.Sequential(
            nn.AvgPool2d(2),
            conv_norm(channels, 24, stride=2),
            conv_norm(24, 48, stride=2),
            conv_norm(48, 64),
            conv_norm(64, 96, stride=2),
            _everywhere(96, side_px // 16),
            nn.ReLU(inplace=True),
            conv_norm(96, 96, kernel=1),
        )
        self.answer = nn.Linear(96, 4)
        steps = (torch.arange(upright_px) + 0.5) * (2 / upright_px) - 1
        v, u = torch.meshgrid(steps, steps, indexing="ij")
        self.register_buffer("base", torch.stack([u, v], dim=-1), persistent=False)

    def find(self, planes: Tensor) -> Tensor:
        """Return (N, 4) a, b, x, y."""
        features = self.features(planes).flatten(1).float()
        with torch.autocast(planes.device.type, enabled=False):
            found: Tensor = self.answer(features)
        return found

    def turned(self, planes: Tensor, similarity: Tensor) -> Tensor:
        """Return (N, C, upright, upright)."""
        a, b, x, y = (similarity[:, index].view(-1, 1, 1) for index in range(4))
        u, v = self.base[..., 0], self.base[..., 1]
        grid = torch.stack([a * u - b * v + x, b * u + a * v + y], dim=-1)
        return F.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)


class _Block(nn.Module):
    """A bottleneck, with a shortcut where shapes agree."""

    def __init__(self, width: int, stage: Stage, stride: int) -> None:
        super().__init__()
        inner = width * stage.expand
        if stage.depthwise:
            widen = [conv_norm(width, inner, kernel=1), _depthwise(inner, stride)]
        else:
            widen = [conv_norm(width, inner, stride=stride)]
        narrow = [nn.Conv2d(inner, stage.width, 1, bias=False), nn.BatchNorm2d(stage.width)]
        self.layers = nn.Sequential(*widen, *narrow)
        self.is_residual = stride == 1 and width == stage.width

    def forward(self, planes: Tensor) -> Tensor:
        answer: Tensor = self.layers(planes)
        return planes + answer if self.is_residual else answer


def _depthwise(width: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(width, width, 3, stride=stride, padding=1, groups=width, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))


def _everywhere(width: int, side: int) -> nn.Sequential:
    """Weigh every place of each map."""
    return nn.Sequential(nn.Conv2d(width, width, side, groups=width, bias=False), nn.BatchNorm2d(width))
