"""What every detector here answers, before anything is decoded."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Raw", "head_rows"]


class Raw(NamedTuple):
    """One row per prior: map by map, row by row (y, then x), prior by prior."""

    boxes: Tensor
    """(N, P, 4) offsets to the priors, divided by the variances."""
    scores: Tensor
    """(N, P, K) logits: K is the number of classes, one more with background first where there is one."""


def head_rows(planes: Tensor, values: int) -> Tensor:
    """Bring (N, priors * values, H, W) to (N, H * W * priors, values)."""
    return planes.permute(0, 2, 3, 1).reshape(planes.shape[0], -1, values)
