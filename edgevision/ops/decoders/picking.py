"""Picks the rows of a detector's scores that show something, without activating all of the others."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["CANDIDATES_MAX", "Activation", "Picked", "pick"]

CANDIDATES_MAX = 1000
"""Of more candidates, those with the lowest scores are never looked at."""

Activation = Literal["none", "softmax", "sigmoid"]
Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_NEARLY = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Rows and classes whose score reaches the limit, by falling score; a row may show several."""

    rows: Rows
    class_ids: Rows
    scores: Scores
    score_max: float
    """The highest score of any row, below the limit too; NaN where a score is."""

    def __len__(self) -> int:
        return len(self.rows)


def pick(raw: Scores, activation: Activation, min_score: float, *, background: bool = False) -> Picked:
    """Pick from (N, C) raw scores.

    Args:
        raw: Before `activation`.
        activation: softmax needs a background score.
        min_score: In 0..1, after activation.
        background: The first column is background; class ids begin after it.
    """
    if not raw.size:
        return _picked(np.arange(0), raw, min_score, 0.0)
    if activation == "softmax":
        return _pick_softmax(raw, min_score)
    scores = raw[:, 1:] if background else raw
    if activation == "none":
        return _picked(np.arange(len(scores)), scores, min_score, float(scores.max()))
    score_max = float(_sigmoid(scores.max()))
    rows = _rows_with_any(scores >= _logit(min_score))
    return _picked(rows, _sigmoid(scores[rows]), min_score, score_max)


def _pick_softmax(raw: Scores, min_score: float) -> Picked:
    """A class's probability is at most the sigmoid of its lead over background, which is cheaper."""
    leads = raw[:, 1:] - raw[:, :1]
    leader = int(leads.argmax()) // leads.shape[1]
    best = float(_softmax(raw[leader : leader + 1]).max())
    rows = _rows_with_any(leads >= _logit(min(min_score, best)) - _NEARLY)
    scores = _softmax(raw[rows])
    return _picked(rows, scores, min_score, float(scores.max(initial=best)))


def _picked(rows: Rows, scores: Scores, min_score: float, score_max: float) -> Picked:
    """Keep what reaches the limit of (n, C) scores of these rows."""
    at, class_ids = np.divmod(np.flatnonzero(scores >= np.float32(min_score)), scores.shape[1])
    values = scores[at, class_ids]
    order = np.argsort(-values, kind="stable")[:CANDIDATES_MAX]
    return Picked(rows[at[order]], class_ids[order], values[order], score_max)


def _rows_with_any(flags: npt.NDArray[np.bool_]) -> Rows:
    """Return the indices of rows of (n, C) flags; asking for rows and columns takes ten times as long."""
    return np.unique(np.flatnonzero(flags) // flags.shape[1])


def _softmax(raw: Scores) -> Scores:
    """Return the probabilities of all classes but the first, background."""
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(powers[:, 1:] / powers.sum(axis=1, keepdims=True), np.float32)


def _sigmoid(values: Any) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -80, 80))), np.float32)


def _logit(probability: float) -> float:
    inside = min(max(probability, _NEARLY), 1 - _NEARLY)
    return float(np.log(inside / (1 - inside)))
