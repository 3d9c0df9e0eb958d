"""A light SSD for small defects: plain 3x3 convolutions, a top-down path, heads on fine maps.

Plain convolutions, because depth-wise ones lose most to int8 and gain least on processors. Batch norm
folds into them; every value that meets another in an addition or a head is the output of a ReLU.
Takes (N, C, H, W) float and returns `Raw`; neither normalises nor decodes: that is `networks.deploy`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from export.networks.blocks import conv_norm
from export.networks.detector_spec import DetectorSpec
from export.networks.raw import Raw, head_rows

__all__ = ["SsdLite"]

_BACKGROUND_LOGIT = -4.6
"""Of a probability of 0.01: nearly every prior shows background."""


class _Head(nn.Module):
    """Reads the boxes and scores of one map."""

    def __init__(self, channels: int, priors: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.hidden = conv_norm(channels, channels)
        self.boxes = nn.Conv2d(channels, 4 * priors, 1)
        self.scores = nn.Conv2d(channels, classes * priors, 1)
        for layer, bias in ((self.boxes, 0.0), (self.scores, _BACKGROUND_LOGIT)):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, bias)

    def forward(self, features: Tensor) -> Raw:
        """Return the answer of every prior of a (N, channels, H, W) map."""
        hidden = self.hidden(features)
        return Raw(head_rows(self.boxes(hidden), 4), head_rows(self.scores(hidden), self.classes))


class SsdLite(nn.Module):
    """The network. Input sides must be multiples of the spec's stride."""

    has_background = False

    def __init__(self, spec: DetectorSpec, priors_per_map: tuple[int, ...]) -> None:
        super().__init__()
        self.spec = spec
        self.down = nn.ModuleList()
        incoming: int = spec.input_channels
        for width, blocks in zip(spec.widths, spec.blocks, strict=True):
            layers = [conv_norm(incoming, width, stride=2)]
            layers += [conv_norm(width, width) for _ in range(blocks)]
            self.down.append(nn.Sequential(*layers))
            incoming = width
        self.first_map = spec.map_strides[0].bit_length() - 2
        path = spec.widths[self.first_map :]
        self.narrow = nn.ModuleList(conv_norm(width, spec.head_channels, kernel=1) for width in path)
        self.heads = nn.ModuleList(
            _Head(spec.head_channels, priors, spec.classes) for priors in priors_per_map
        )

    def forward(self, image: Tensor) -> Raw:
        """Return the raw answer to (N, C, H, W) normalised pictures."""
        levels: list[Tensor] = []
        for block in self.down:
            image = block(image)
            levels.append(image)
        maps = self._top_down(levels[self.first_map :])
        answers = [head(features) for head, features in zip(self.heads, maps, strict=True)]
        return Raw(torch.cat([a.boxes for a in answers], 1), torch.cat([a.scores for a in answers], 1))

    def _top_down(self, levels: list[Tensor]) -> list[Tensor]:
        """Add what the coarser levels know to the finer ones; return the maps that have heads."""
        strides = [self.spec.map_strides[0] << index for index in range(len(levels))]
        merged: dict[int, Tensor] = {}
        below: Tensor | None = None
        for stride, narrow, level in reversed(list(zip(strides, self.narrow, levels, strict=True))):
            value = narrow(level)
            if below is not None:
                value = value + F.interpolate(below, scale_factor=2.0, mode="nearest")
            merged[stride] = below = value
        return [merged[stride] for stride in self.spec.map_strides]
