"""Embeds identities that come behind all that are trained on, and compares them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgevision.ops.embed import normalised
from export.embed.batch import Batch, Identities
from export.embed.config import EmbedConfig
from export.embed.metrics import Ids, Scores, Vectors, same_and_other, verification
from export.networks.deploy import normalise
from export.networks.embedder import Embedded
from export.networks.embedders import AnyEmbedder
from export.train.device import Compute

__all__ = ["Validation", "input_planes", "validate"]

_IDENTITIES, _PICTURES = 200, 4


@dataclass(frozen=True, eq=False)
class Validation:
    """Pictures of identities with their vectors; the first picture of each is compared with all others."""

    images: npt.NDArray[np.uint8]
    """(P, N, side, side, C): P pictures of each of N identities."""
    vectors: Vectors
    """(P, N, D), of length 1."""
    upright_error: float | None
    """Mean miss of the upright square, where it had to be found."""

    @cached_property
    def scores(self) -> tuple[Scores, Scores]:
        """Return the cosines of pairs of one identity, and of two."""
        ids: Ids = np.arange(self.vectors.shape[1])
        others = self.vectors[1:].reshape(-1, self.vectors.shape[2])
        return same_and_other(self.vectors[0], ids, others, np.tile(ids, len(self.vectors) - 1))

    @property
    def figures(self) -> dict[str, float]:
        """Return error rates, and how well pictures were turned upright."""
        error = {} if self.upright_error is None else {"upright_error": self.upright_error}
        return verification(*self.scores) | error


def validate(config: EmbedConfig, network: AnyEmbedder, compute: Compute, val: Identities) -> Validation:
    """Draw the same pictures every time and embed them; the network is in evaluation mode."""
    numbers = config.data.identities + np.arange(_IDENTITIES)
    rng = np.random.default_rng([config.seed, 1])
    images, vectors, missed = [], [], []
    for _ in range(_PICTURES):
        batch = val.draw(rng, numbers)
        with torch.inference_mode(), compute.autocast():
            answer: Embedded = network(input_planes(config, compute, batch))
        images.append(batch.images)
        vectors.append(normalised(answer.vector.float().cpu().numpy()))
        if answer.similarity is not None and batch.similarities is not None:
            missed.append(np.abs(answer.similarity.float().cpu().numpy() - batch.similarities).mean())
    return Validation(np.stack(images), np.stack(vectors), float(np.mean(missed)) if missed else None)


def input_planes(config: EmbedConfig, compute: Compute, batch: Batch) -> Tensor:
    """Return (N, C, side, side), normalised."""
    channels = config.network.channels
    images = torch.from_numpy(batch.images).to(compute.device)
    planes = normalise(images, (config.mean,) * channels, (config.std,) * channels)
    return planes.contiguous(memory_format=torch.channels_last)
