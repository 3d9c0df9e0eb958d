"""How fast to learn at which step."""

import math

import torch
from torch.optim.lr_scheduler import LambdaLR

from export.train.config import Optimisation

__all__ = ["warmup_cosine"]


def warmup_cosine(optimiser: torch.optim.Optimizer, optimisation: Optimisation) -> LambdaLR:
    """Raise the rate linearly to its full value, then lower it to nearly 0 along a half cosine."""
    total = optimisation.epochs * optimisation.batches_per_epoch
    warmup = max(1.0, optimisation.warmup_share * total)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1.0, total - warmup)))) + 1e-3

    return LambdaLR(optimiser, factor)
