"""Batches for an embedder's training: drawn identities, the same for the same seed, epoch and number."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from export.embed.batch import Batch, Identities
from export.embed.config import EmbedConfig, FaceData
from export.embed.faces import DrawnFaces
from export.embed.marks import Grounds, MarkDraw

__all__ = ["draw_identities", "open_identities"]


class _Marks:
    """Marks of variants."""

    def __init__(self, draw: MarkDraw, first_variant: int) -> None:
        self._draw, self._first = draw, first_variant

    def draw(self, rng: np.random.Generator, identities: npt.NDArray[np.int64]) -> Batch:
        """Return one new picture of each."""
        crops = [self._draw.crop(rng, self._first + number) for number in identities.tolist()]
        images = np.stack([crop.image for crop in crops])[..., np.newaxis]
        return Batch(images, identities, np.stack([crop.similarity for crop in crops]))


def open_identities(config: EmbedConfig, *, validation: bool) -> Identities:
    """Return the configured identities; those of training and validation come on different grounds."""
    data = config.data
    if isinstance(data, FaceData):
        return DrawnFaces(config.network.side_px)
    grounds = Grounds(config.seed + validation, max(8, data.grounds // 8) if validation else data.grounds)
    return _Marks(MarkDraw(grounds, config.network.side_px, data.margin, data.jitter), data.first_variant)


def draw_identities(config: EmbedConfig, epoch: int, identities: Identities) -> Iterator[Batch]:
    """Yield an epoch's batches."""
    optimisation = config.optimisation
    for number in range(optimisation.batches_per_epoch):
        rng = np.random.default_rng([config.seed, epoch, number])
        yield identities.draw(rng, rng.integers(config.data.identities, size=optimisation.batch_size))
