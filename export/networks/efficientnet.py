"""EfficientNet-Lite0 as an encoder: what it sees at every resolution, not which thing a picture shows.

After "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (Tan & Le, 2019), in the
variant for quantised models: no squeeze-and-excitation, ReLU6 throughout. Strided convolutions pad alike on
all sides.
"""

from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn

__all__ = ["EfficientNetLite0"]

_EPS = 1e-3
_MOMENTUM = 0.01
_STEM_CHANNELS = 32


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES: Final = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


class _Depthwise(nn.Conv2d):
    """Convolves each channel by itself, in float32: its gradient takes a CPU eight times as long in bf16."""

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)

    def forward(self, value: Tensor) -> Tensor:
        device = value.device.type
        if not torch.is_autocast_enabled(device):
            return super().forward(value)
        with torch.autocast(device, enabled=False):
            return super().forward(value.float())


def _normed(convolution: nn.Conv2d) -> list[nn.Module]:
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out")
    return [convolution, nn.BatchNorm2d(convolution.out_channels, eps=_EPS, momentum=_MOMENTUM)]


def _pointwise(in_channels: int, out_channels: int) -> list[nn.Module]:
    return _normed(nn.Conv2d(in_channels, out_channels, 1, bias=False))


class _Block(nn.Module):
    """Widen, convolve each channel by itself, narrow; added to what came in where the shape stays."""

    def __init__(self, in_channels: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = in_channels * stage.expansion
        widen = [*_pointwise(in_channels, wide), nn.ReLU6(inplace=True)] if stage.expansion > 1 else []
        self.widen = nn.Sequential(*widen)
        spread = _normed(_Depthwise(wide, stage.kernel, stride))
        self.spread = nn.Sequential(*spread, nn.ReLU6(inplace=True))
        self.narrow = nn.Sequential(*_pointwise(wide, stage.channels))
        self.is_added = stride == 1 and in_channels == stage.channels

    def forward(self, value: Tensor) -> Tensor:
        answer = cast("Tensor", self.narrow(self.spread(self.widen(value))))
        return value + answer if self.is_added else answer


class EfficientNetLite0(nn.Module):
    """Maps (N, 3, H, W) to five maps at strides 2, 4, 8, 16 and 32; both sides are multiples of 32."""

    widths: Final = (16, 24, 40, 112, 320)
    """Channels of the five maps."""

    def __init__(self) -> None:
        super().__init__()
        stem = _normed(nn.Conv2d(3, _STEM_CHANNELS, 3, stride=2, padding=1, bias=False))
        self.stem = nn.Sequential(*stem, nn.ReLU6(inplace=True))
        self.blocks = nn.ModuleList()
        channels = _STEM_CHANNELS
        for stage in _STAGES:
            for repeat in range(stage.repeats):
                self.blocks.append(_Block(channels, stage, stage.stride if repeat == 0 else 1))
                channels = stage.channels

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the last map of each resolution, the finest first."""
        value = self.stem(image)
        maps: list[Tensor] = []
        for block in self.blocks:
            narrower = block(value)
            if narrower.shape[2] != value.shape[2]:
                maps.append(value)
            value = narrower
        return [*maps, value]
