"""Discriminants look past what varies between pictures of one identity."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch

from export.embed.batch import Batch, Identities
from export.embed.config import EmbedConfig
from export.embed.discriminant import begin_with_discriminants
from export.embed.validate import validate
from export.networks.patterns import PatternEmbedder, PatternSpec
from export.train.device import Compute

pytestmark = pytest.mark.export

SPEC = PatternSpec(side_px=28, blocks=(1, 3), cells=2, dimensions=8)
CONFIG = EmbedConfig.model_validate(
    {
        "name": "tiny",
        "network": SPEC.model_dump(),
        "data": {"kind": "drawn-faces", "identities": 60},
        "optimisation": {"epochs": 1, "batches_per_epoch": 1},
    }
)


class Halves:
    """The left half is an identity's own texture; the right half is a new one in each picture."""

    def draw(self, rng: np.random.Generator, identities: np.ndarray) -> Batch:
        own = [np.random.default_rng(number).integers(0, 255, (28, 14)) for number in identities.tolist()]
        images = [np.hstack([texture, rng.integers(0, 255, (28, 14))]) for texture in own]
        return Batch(np.stack(images).astype(np.uint8)[..., np.newaxis], identities, None)


def test_what_is_new_in_each_picture_is_looked_past() -> None:
    torch.manual_seed(0)
    network, compute, halves = PatternEmbedder(SPEC), Compute(torch.device("cpu"), bf16=False), Halves()
    identities: Identities = halves
    before = validate(CONFIG, network.eval(), compute, identities).figures["eer"]

    begin_with_discriminants(CONFIG, network, compute, identities)

    after = validate(CONFIG, network.eval(), compute, identities).figures["eer"]
    assert before > 0.1
    assert after < 0.5 * before
