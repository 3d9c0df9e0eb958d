"""Finds what tells identities apart in histograms of patterns, in closed form: linear discriminants.

R. Fisher, 1936; for faces, P. Belhumeur, J. Hespanha, D. Kriegman, "Eigenfaces vs. fisherfaces", IEEE PAMI
19(7), 1997. What varies between pictures of one identity is weighed down, and directions are kept in which
identities differ most. Strong shrinkage keeps most of what the histograms hold, where training by gradients
falls for the little that tells drawn identities apart.
"""

import numpy as np
import torch
from torch import Tensor

from export.embed.batch import Identities
from export.embed.config import EmbedConfig
from export.embed.validate import input_planes
from export.networks.patterns import PatternEmbedder
from export.train.device import Compute

__all__ = ["begin_with_discriminants"]

_IDENTITIES, _PICTURES = 1600, 4
_CHUNK = 64
_KEPT = 1200
"""The histograms are first projected at random onto so many directions, which keeps distances."""
_SHRINKAGE = 1.0
"""What every direction is assumed to vary within an identity, in units of what it does on average."""


@torch.no_grad()
def begin_with_discriminants(
    config: EmbedConfig, network: PatternEmbedder, compute: Compute, identities: Identities
) -> None:
    """Set the layer that weighs the histograms, from drawn pictures of identities to train on."""
    histograms = _histograms(config, network.eval(), compute, identities)
    generator = torch.Generator().manual_seed(config.seed)
    features = histograms.shape[2]
    random = torch.randn(features, min(_KEPT, features), generator=generator) / features**0.5
    mean = histograms.mean(dim=(0, 1))
    seen = (histograms - mean) @ random
    weights = random @ _discriminants(seen, config.network.dimensions)
    answers = (histograms.flatten(0, 1) - mean) @ weights
    network.embed.weight.copy_(weights.T)
    network.answer.running_mean = mean @ weights
    network.answer.running_var = answers.var(dim=0)
    network.answer.weight.copy_((network.answer.running_var + network.answer.eps).sqrt())
    network.train()


def _histograms(
    config: EmbedConfig, network: PatternEmbedder, compute: Compute, identities: Identities
) -> Tensor:
    """Return (P, N, F): of P pictures of each of N identities."""
    rng = np.random.default_rng([config.seed, 2])
    numbers = np.arange(min(config.data.identities, _IDENTITIES))
    chunks = np.array_split(numbers, max(1, len(numbers) // _CHUNK))
    pictures = []
    for _ in range(_PICTURES):
        batches = (identities.draw(rng, chunk) for chunk in chunks)
        planes = (input_planes(config, compute, batch) for batch in batches)
        pictures.append(torch.cat([network.histograms(one).flatten(1).cpu() for one in planes]))
    return torch.stack(pictures)


def _discriminants(seen: Tensor, dimensions: int) -> Tensor:
    """Return (F, D) of (P, N, F) pictures: directions in which identities differ, strongest last."""
    pictures, count, features = seen.shape
    middles = seen.mean(dim=0)
    apart = (seen - middles).flatten(0, 1)
    within = apart.T @ apart / (count * (pictures - 1))
    within += torch.eye(features) * (_SHRINKAGE * within.trace() / features)
    values, vectors = torch.linalg.eigh(within)
    whitened = vectors / values.sqrt()
    between = middles @ whitened
    _, directions = torch.linalg.eigh(between.T @ between / count)
    strongest: Tensor = whitened @ directions[:, -dimensions:]
    return strongest
