"""What every classifier here answers."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Classified"]


class Classified(NamedTuple):
    """The answer."""

    logits: Tensor
    """(N, C)."""
    cam: Tensor
    """(N, C, h, w): class activation maps, of which the logits are made."""
