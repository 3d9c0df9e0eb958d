from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.ops.decoders.picking import CANDIDATES_MAX, pick

Activation = Literal["none", "softmax", "sigmoid"]


def activated(
    raw: npt.NDArray[np.float32], activation: Activation, *, background: bool
) -> npt.NDArray[np.float64]:
    """Return the scores of all rows and classes, by the definition."""
    values = raw.astype(np.float64)
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        values = powers / powers.sum(axis=1, keepdims=True)
    elif activation == "sigmoid":
        values = 1 / (1 + np.exp(-values))
    return values[:, 1:] if background else values


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from([("softmax", True), ("sigmoid", True), ("sigmoid", False), ("none", False)]),
    min_score=st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.9, 1.0]),
    spread=st.sampled_from([0.5, 3.0, 12.0]),
)
def test_the_short_cut_picks_what_activating_everything_would(
    seed: int, kind: tuple[Activation, bool], min_score: float, spread: float
) -> None:
    activation, background = kind
    rng = np.random.default_rng(seed)
    raw = rng.normal(0, spread, (40, 5)).astype(np.float32)
    if activation == "none":
        raw = rng.uniform(0, 1, (40, 5)).astype(np.float32)
    every = activated(raw, activation, background=background)

    picked = pick(raw, activation, min_score, background=background)

    assert picked.scores == pytest.approx(every[picked.rows, picked.class_ids], abs=1e-5)
    assert (np.diff(picked.scores) <= 0).all()
    assert picked.score_max == pytest.approx(every.max(), abs=1e-5)
    sure = (every >= min_score + 1e-5).sum()
    possible = (every >= min_score - 1e-5).sum()
    assert sure <= len(picked) <= possible


def test_the_best_are_kept_of_more_candidates_than_anyone_looks_at() -> None:
    raw = np.linspace(0.1, 0.9, 2 * CANDIDATES_MAX, dtype=np.float32)[:, np.newaxis]

    picked = pick(raw, "none", 0.0)

    assert len(picked) == CANDIDATES_MAX
    assert picked.rows[0] == 2 * CANDIDATES_MAX - 1


def test_no_rows_give_no_candidates() -> None:
    picked = pick(np.zeros((0, 3), np.float32), "softmax", 0.5, background=True)

    assert (len(picked), picked.score_max) == (0, 0.0)


@pytest.mark.parametrize(
    ("activation", "background"), [("none", False), ("sigmoid", False), ("softmax", True)]
)
def test_what_is_no_number_is_not_passed_over(activation: Activation, background: bool) -> None:
    raw = np.zeros((4, 3), np.float32)
    raw[2, 1] = np.nan

    assert np.isnan(pick(raw, activation, 0.5, background=background).score_max)
