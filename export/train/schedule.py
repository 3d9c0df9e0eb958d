"""How fast to learn at which step, and by which method."""

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from export.train.config import Optimisation

__all__ = ["optimiser_of", "schedule_of"]

_MOMENTUM = 0.9


def optimiser_of(parameters: Iterable[nn.Parameter], optimisation: Optimisation) -> torch.optim.Optimizer:
    """Return what changes the parameters."""
    rate, decay = optimisation.learning_rate, optimisation.weight_decay
    if optimisation.method == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=_MOMENTUM, weight_decay=decay)
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)


def schedule_of(optimiser: torch.optim.Optimizer, optimisation: Optimisation) -> LambdaLR:
    """Raise the rate linearly to its full value, then lower it along a half cosine, or in steps."""
    total = optimisation.epochs * optimisation.batches_per_epoch
    warmup = max(1.0, optimisation.warmup_share * total)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        if optimisation.falls_at:
            return float(0.1 ** sum(step >= share * total for share in optimisation.falls_at))
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1.0, total - warmup)))) + 1e-3

    return LambdaLR(optimiser, factor)
