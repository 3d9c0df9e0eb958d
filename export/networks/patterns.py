"""A network of soft local binary patterns: which way brightness changes around each place, counted in cells.

T. Ahonen, A. Hadid, M. Pietikäinen, "Face description with local binary patterns", IEEE PAMI 28(12), 2006;
over blocks of pixels, L. Zhang et al., "Face detection based on multi-block LBP representation", ICB 2007.
Comparing neighbours looks past light, counting in cells looks past small moves. Neither is learnt, so that
neither takes the look of its training pictures for the look of all; what is learnt is one layer that weighs
each count in each cell and makes a vector of them. For pictures that come aligned.
"""

from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from export.networks.embedder import Embedded

__all__ = ["PatternEmbedder", "PatternSpec"]

_AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
"""(y, x) of the neighbours, once around."""
_STRIDE = 2
_SHARPNESS = 3.0
"""How clearly a code is preferred to another that differs in one neighbour."""
_SOFT = 0.05
"""A change of brightness that counts half, in units of normalised planes."""
_LEAST = 1e-4
Block = Annotated[int, Field(ge=1, le=15)]


class PatternSpec(BaseModel):
    """The network's shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["patterns"] = "patterns"
    channels: Literal[1] = 1
    side_px: Annotated[int, Field(ge=16, le=1024)] = 112
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)] = (1, 3, 5)
    """Sides of the blocks whose means are compared, odd, in pixels."""
    cells: Annotated[int, Field(ge=1, le=32)] = 7
    """Histograms are counted in so many cells across and down."""
    dimensions: Annotated[int, Field(ge=1, le=4096)] = 128

    @model_validator(mode="after")
    def _consistent(self) -> "PatternSpec":
        if any(block % 2 == 0 for block in self.blocks):
            msg = f"blocks: expected odd sides, got {', '.join(map(str, self.blocks))}"
            raise ValueError(msg)
        if self.side_px % (_STRIDE * self.cells):
            msg = f"side_px: expected a multiple of {_STRIDE * self.cells}, got {self.side_px}"
            raise ValueError(msg)
        return self

    @property
    def upright_px(self) -> None:
        """Nothing is turned upright: pictures come aligned."""
        return None


class PatternEmbedder(nn.Module):
    """Maps (N, 1, side, side) to vectors."""

    comparisons: Tensor

    def __init__(self, spec: PatternSpec) -> None:
        super().__init__()
        self.spec = spec
        codes, scales = uniform_codes(), len(spec.blocks)
        self.register_buffer("comparisons", block_comparisons(spec.blocks), persistent=False)
        self.codes = nn.Conv2d(8 * scales, len(codes) * scales, 1, groups=scales, bias=False)
        self.codes.requires_grad_(requires_grad=False)
        self.codes.weight.copy_(codes.repeat(scales, 1)[:, :, None, None] * _SHARPNESS)
        self.counts = len(codes)
        self.embed = nn.Linear(self.counts * scales * spec.cells**2, spec.dimensions, bias=False)
        nn.init.orthogonal_(self.embed.weight)
        self.answer = nn.BatchNorm1d(spec.dimensions)

    def forward(self, planes: Tensor, known: Tensor | None = None) -> Embedded:  # noqa: ARG002
        """Embed; nothing has to be known of how pictures are turned."""
        return Embedded(self.answer(self.embed(self.histograms(planes).flatten(1))), None)

    def histograms(self, planes: Tensor) -> Tensor:
        """Return (N, scales * codes, cells, cells), square roots of shares, less that of equal shares."""
        rim = self.comparisons.shape[-1] // 2
        padded = F.pad(planes, (rim, rim, rim, rim), mode="replicate")
        change = F.conv2d(padded, self.comparisons, stride=_STRIDE)
        logits = self.codes(change / (change.abs() + _SOFT))
        count, side = len(planes), self.spec.side_px // _STRIDE
        by_scale = logits.view(count, -1, self.counts, side, side)
        shares = torch.softmax(by_scale, dim=2).view(count, -1, side, side)
        counted = F.avg_pool2d(shares, side // self.spec.cells)
        less: Tensor = torch.sqrt(counted + _LEAST) - self.counts**-0.5
        return less


def uniform_codes() -> Tensor:
    """Return (58, 8): the patterns of darker (-1) and brighter (1) that change at most twice around."""
    every = torch.tensor([[(code >> bit & 1) * 2.0 - 1 for bit in range(8)] for code in range(256)])
    changes = (every != every.roll(1, dims=1)).sum(dim=1)
    return every[changes <= 2]


def block_comparisons(blocks: tuple[int, ...]) -> Tensor:
    """Return (8 * scales, 1, K, K): convolving gives the mean of a block's neighbour less its own."""
    side = 3 * max(blocks)
    weights = torch.zeros(8 * len(blocks), 1, side, side)
    for scale, block in enumerate(blocks):
        low = (side - block) // 2
        for index, (y, x) in enumerate(_AROUND):
            plane = weights[8 * scale + index, 0]
            top, left = low + y * block, low + x * block
            plane[top : top + block, left : left + block] += 1 / block**2
            plane[low : low + block, low : low + block] -= 1 / block**2
    return weights
