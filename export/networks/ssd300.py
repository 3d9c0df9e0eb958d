"""SSD with the VGG16 backbone, after W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016.

Settings and the names of the layers are those of the PyTorch implementations of 2018-2019, so that
their checkpoints fit. Takes (N, 3, H, W) float and returns `Raw`; scores begin with background.
"""

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgevision.bundle.detectspec import PriorMap
from edgevision.ops.boxes import VARIANCES, prior_boxes
from export.networks.detector_spec import DetectorSpec
from export.networks.raw import Raw, head_rows

__all__ = ["Ssd300", "ssd300_prior_maps"]

_VGG = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "ceil", 512, 512, 512, "pool", 512, 512, 512)
_EXTRAS = ((1024, 256, 512, 2), (512, 128, 256, 2), (256, 128, 256, 1), (256, 128, 256, 1))
"""Channels in, between and out, and the stride, of the pairs of layers behind VGG16."""
_SOURCES = (512, 1024, 512, 256, 256, 256)
_CONV4_3 = 23
_STEPS_PX = (8, 16, 32, 64, 100, 300)
_MIN_PX = (30, 60, 111, 162, 213, 264)
_MAX_PX = (60, 111, 162, 213, 264, 315)
_RATIOS = ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,))
_NOMINAL_PX = 300


def ssd300_prior_maps(input_wh: tuple[int, int]) -> tuple[PriorMap, ...]:
    """Return the six maps; sizes grow with the input, 300 x 300 gives the paper's."""
    cells = zip(_map_sides(input_wh[0]), _map_sides(input_wh[1]), strict=True)
    return tuple(
        PriorMap(map_wh=map_wh, sizes_wh=_sizes(index, input_wh)) for index, map_wh in enumerate(cells)
    )


def _sizes(index: int, input_wh: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    """Return the sizes of a map as shares of the input, none larger than it: square first."""
    side = _MIN_PX[index] / _NOMINAL_PX
    between = sqrt(side * _MAX_PX[index] / _NOMINAL_PX)
    shares = [(side, side), (between, between)]
    for ratio in _RATIOS[index]:
        wide, narrow = side * sqrt(ratio), side / sqrt(ratio)
        shares += [(wide, narrow), (narrow, wide)]
    return tuple((min(w, 1.0) * input_wh[0], min(h, 1.0) * input_wh[1]) for w, h in shares)


def _map_sides(side: int) -> tuple[int, ...]:
    """Return the sides of the six maps for a side of the input, as the layers give them."""
    first = -(-(side // 4) // 2)
    second = first // 2
    third = (second - 1) // 2 + 1
    fourth = (third - 1) // 2 + 1
    return first, second, third, fourth, fourth - 2, fourth - 4


class _L2Norm(nn.Module):
    """Brings the values of each pixel to unit length, times a learnt factor per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), 20.0))

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, C, H, W), scaled."""
        return F.normalize(features, dim=1, eps=1e-10) * self.weight.view(1, -1, 1, 1)


class Ssd300(nn.Module):
    """The network for one input size."""

    has_background = True
    centre_shift: Tensor

    def __init__(self, spec: DetectorSpec, input_wh: tuple[int, int] = (300, 300)) -> None:
        super().__init__()
        self.spec = spec
        self.maps = ssd300_prior_maps(input_wh)
        self.vgg = nn.ModuleList(_vgg_layers(spec.input_channels))
        self.l2_norm = _L2Norm(512)
        self.extras = nn.ModuleList(
            layer
            for incoming, between, outgoing, stride in _EXTRAS
            for layer in (
                nn.Conv2d(incoming, between, 1),
                nn.Conv2d(between, outgoing, 3, stride=stride, padding=stride - 1),
            )
        )
        counts = [len(one.sizes_wh) for one in self.maps]
        pairs = list(zip(_SOURCES, counts, strict=True))
        self.loc = nn.ModuleList(nn.Conv2d(c, 4 * n, 3, padding=1) for c, n in pairs)
        self.conf = nn.ModuleList(nn.Conv2d(c, (spec.classes + 1) * n, 3, padding=1) for c, n in pairs)
        self.register_buffer("centre_shift", _centre_shift(self.maps, input_wh), persistent=False)
        for layer in (*self.extras, *self.loc, *self.conf):
            assert isinstance(layer, nn.Conv2d)
            nn.init.xavier_uniform_(layer.weight)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor) -> Raw:
        """Return the raw answer to (N, C, H, W) normalised pictures."""
        value, sources = image, []
        for index, layer in enumerate(self.vgg):
            value = layer(value)
            if index == _CONV4_3 - 1:
                sources.append(self.l2_norm(value))
        sources.append(value)
        for index, layer in enumerate(self.extras):
            value = F.relu(layer(value))
            if index % 2:
                sources.append(value)
        heads = list(zip(sources, self.loc, self.conf, strict=True))
        boxes = [head_rows(loc(source), 4) for source, loc, _ in heads]
        scores = [head_rows(conf(source), self.spec.classes + 1) for source, _, conf in heads]
        return Raw(torch.cat(boxes, 1) + self.centre_shift, torch.cat(scores, 1))


def _vgg_layers(channels: int) -> list[nn.Module]:
    """Build VGG16 with its two dense layers made convolutions, the first one dilated."""
    layers: list[nn.Module] = []
    for item in _VGG:
        if isinstance(item, str):
            layers.append(nn.MaxPool2d(2, ceil_mode=item == "ceil"))
            continue
        layers += [nn.Conv2d(channels, item, 3, padding=1), nn.ReLU(inplace=True)]
        channels = item
    layers += [nn.MaxPool2d(3, stride=1, padding=1)]
    layers += [nn.Conv2d(512, 1024, 3, padding=6, dilation=6), nn.ReLU(inplace=True)]
    return [*layers, nn.Conv2d(1024, 1024, 1), nn.ReLU(inplace=True)]


def _centre_shift(maps: Sequence[PriorMap], input_wh: tuple[int, int]) -> Tensor:
    """Return what to add to offsets so that they are relative to priors at (i + 0.5) / map.

    The published implementation puts its priors at (i + 0.5) * step, which is up to a fifth of a
    cell per cell elsewhere; its checkpoints answer relative to those.
    """
    priors = torch.from_numpy(prior_boxes(maps, input_wh))
    shifts = []
    for prior_map, step in zip(maps, _STEPS_PX, strict=True):
        for axis in (0, 1):
            cell = input_wh[axis] / prior_map.map_wh[axis]
            shifts.append(step / _NOMINAL_PX * input_wh[axis] / cell)
    counts = torch.tensor([one.count for one in maps])
    factors = torch.tensor(shifts).view(-1, 2).repeat_interleave(counts, 0)
    moved = (factors - 1) * priors[:, :2] / (VARIANCES[0] * priors[:, 2:])
    return torch.cat([moved, torch.zeros_like(moved)], 1)[None]
