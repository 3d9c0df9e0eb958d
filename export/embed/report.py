"""Writes the report of an embedder's training: curves, who resembles whom, the worst pairs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgevision.types import ImageBgr
from export.embed.config import EmbedConfig
from export.embed.metrics import Scores, threshold_at
from export.embed.validate import Validation
from export.train.learning import Learning
from export.train.report.curves import Chart, Series, as_svg
from export.train.report.learned import (
    configuration,
    learning_facts,
    loss_chart,
    picture,
    validation_chart,
    write_page,
)
from export.train.report.overlay import captioned
from export.train.report.page import Figures, Page, Picture

__all__ = ["write_embed_report"]

_WORST, _SHOWN = 4, 8
_BINS = 40
_RATES = np.geomspace(1e-4, 1, 81)


def write_embed_report(
    out_dir: Path, config: EmbedConfig, learning: Learning[Any], validation: Validation
) -> Path:
    """Write the report and return the path of its page; `validation` is with the best weights.

    Raises OutputError.
    """
    same, other = validation.scores
    history = learning.history
    charts = [
        loss_chart(history),
        validation_chart(history, ("tar_1e3", "eer")),
        _roc(same, other),
        _spread(same, other),
    ]
    count = validation.images.shape[1]
    page = Page(
        title=f"Training of {config.name}",
        facts={
            "trained on": f"{config.data.kind}, {config.data.identities:,} identities",
            **learning_facts(learning),
        },
        figures=_figures(validation),
        charts_svg=[as_svg(chart) for chart in charts],
        mistakes_are="Pictures of one identity that resemble each other least, then of two that do most.",
        mistakes=[*_least_alike(validation), *_most_alike(validation)],
        overlays=[
            picture(f"identity {number}", _row(f"identity {number}", validation.images[:, number]))
            for number in range(0, count, max(1, count // _SHOWN))
        ][:_SHOWN],
        left_out=(),
        configuration=configuration(config),
    )
    return write_page(out_dir, page, charts, history)


def _figures(validation: Validation) -> Figures:
    same, other = validation.scores
    rows = []
    for name, rate in (("1e-2", 1e-2), ("1e-3", 1e-3), ("1e-4", 1e-4)):
        threshold = threshold_at(other, rate)
        rows.append((name, f"{float(np.mean(same >= threshold)):.4f}", f"{threshold:.3f}"))
    pictures, count = validation.images.shape[:2]
    return Figures(
        f"Equal error rate {validation.figures['eer']:.4f}, over {pictures} pictures of each of {count} "
        f"identities that were not trained on: {len(same):,} pairs of one, {len(other):,} of two.",
        ("false accept rate", "true accept rate", "threshold"),
        rows,
    )


def _roc(same: Scores, other: Scores) -> Chart:
    points = [
        (float(np.log10(rate)), float(np.mean(same >= threshold_at(other, rate)))) for rate in _RATES[:-1]
    ]
    return Chart(
        "True accepts against false accepts",
        [Series("true accept rate", points)],
        x_min=-4.0,
        x_title="false accept rate 1e-4 to 1, logarithmic",
    )


def _spread(same: Scores, other: Scores) -> Chart:
    low = float(min(same.min(), other.min()))
    edges = np.linspace(low, 1, _BINS + 1)
    middles = (edges[:-1] + edges[1:]) / 2

    def line(name: str, scores: Scores) -> Series:
        shares = np.histogram(np.minimum(scores, 1), edges)[0] / len(scores)
        return Series(name, list(zip(middles.tolist(), shares.tolist(), strict=True)))

    return Chart(
        "How alike pairs are",
        [line("one identity", same), line("two identities", other)],
        x_min=low,
        x_title=f"cosine {low:.2f} to 1",
    )


def _least_alike(validation: Validation) -> Iterator[Picture]:
    cosines = np.einsum("nd,pnd->pn", validation.vectors[0], validation.vectors[1:])
    for flat in np.argsort(cosines, axis=None)[:_WORST].tolist():
        which, number = np.unravel_index(flat, cosines.shape)
        caption = f"identity {number} twice, cosine {cosines[which, number]:.2f}"
        pair = validation.images[[0, 1 + int(which)], int(number)]
        yield picture(caption, _row(caption, pair))


def _most_alike(validation: Validation) -> Iterator[Picture]:
    cosines = validation.vectors[0] @ validation.vectors[1].T
    np.fill_diagonal(cosines, -1)
    for flat in np.argsort(-cosines, axis=None)[:_WORST].tolist():
        first, second = (int(index) for index in np.unravel_index(flat, cosines.shape))
        caption = f"identities {first} and {second}, cosine {cosines[first, second]:.2f}"
        yield picture(
            caption, _row(caption, np.stack([validation.images[0, first], validation.images[1, second]]))
        )


def _row(caption: str, images: np.ndarray) -> ImageBgr:
    """Return (P, side, side, C) pictures of the model's input beside each other."""
    row = np.hstack(list(images))
    shown = cv2.cvtColor(row, cv2.COLOR_GRAY2BGR if row.shape[2] == 1 else cv2.COLOR_RGB2BGR)
    return captioned(caption, np.asarray(shown, np.uint8), height_px=160)
