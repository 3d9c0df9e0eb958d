"""The network of local patterns: what it looks past, and what it tells apart."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch
from pydantic import ValidationError
from torch import Tensor

from export.embed.config import EmbedConfig
from export.networks.patterns import PatternEmbedder, PatternSpec, block_comparisons, uniform_codes

pytestmark = pytest.mark.export

SPEC = PatternSpec(side_px=56, dimensions=16)


def scene(seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.standard_normal((1, 1, 14, 14)).astype(np.float32))
    return torch.nn.functional.interpolate(coarse, size=(56, 56), mode="bicubic")


def apart(first: Tensor, second: Tensor) -> float:
    with torch.inference_mode():
        histograms = PatternEmbedder(SPEC).histograms(torch.cat([first, second]))
    return float((histograms[0] - histograms[1]).norm())


def test_brighter_light_and_small_moves_change_less_than_another_scene() -> None:
    other = apart(scene(1), scene(2))

    assert apart(scene(1), scene(1) + 0.7) < 0.01 * other
    assert apart(scene(1), scene(1) * 1.5) < 0.3 * other
    assert apart(scene(1), scene(1).roll(1, dims=3)) < 0.7 * other


def test_codes_change_at_most_twice_around() -> None:
    codes = uniform_codes()

    assert codes.shape == (58, 8)
    assert len({tuple(code.tolist()) for code in codes}) == 58


def test_comparisons_see_a_step_from_the_side_that_is_brighter() -> None:
    step = torch.zeros(1, 1, 9, 9)
    step[..., 6:] = 1

    changes = torch.nn.functional.conv2d(step, block_comparisons((3,))).flatten()

    assert changes.tolist() == pytest.approx([0, 0, 1, 1, 1, 0, 0, 0], abs=1e-6)


def test_only_what_weighs_the_histograms_learns() -> None:
    network = PatternEmbedder(SPEC)
    network(torch.cat([scene(1), scene(2)])).vector.sum().backward()

    assert {name.split(".")[0] for name, value in network.named_parameters() if value.grad is not None} == {
        "embed",
        "answer",
    }


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError, match="expected odd sides"):
        PatternSpec(blocks=(2,))
    with pytest.raises(ValidationError, match="multiple of 14"):
        PatternSpec(side_px=64)
    with pytest.raises(ValidationError, match="expected bottlenecks for marks"):
        EmbedConfig.model_validate(
            {
                "name": "a",
                "network": {"kind": "patterns"},
                "data": {"kind": "marks", "identities": 2},
                "optimisation": {"epochs": 1, "batches_per_epoch": 1},
            }
        )
