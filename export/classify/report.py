"""Writes the report of a classifier's training: curves, calibration, which class is taken for which."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.classify.config import ClassifyConfig
from export.classify.draw import fitted
from export.classify.folder import ClassSample
from export.classify.validate import Validation
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

__all__ = ["write_classify_report"]

_SHOWN = 8
_BINS = 10


def write_classify_report(
    out_dir: Path,
    config: ClassifyConfig,
    learning: Learning[Any],
    sets: tuple[Sequence[ClassSample], Sequence[ClassSample]],
    validation: Validation,
) -> Path:
    """Write the report and return the path of its page; `validation` is with the best weights.

    Raises OutputError.
    """
    history, val = learning.history, sets[1]
    charts = [
        loss_chart(history),
        validation_chart(history, ("accuracy", "balanced", "ece")),
        _calibration(validation),
    ]
    certainty = validation.probabilities.max(axis=1)
    is_wrong = validation.probabilities.argmax(axis=1) != validation.class_ids
    worst = [index for index in np.argsort(-certainty).tolist() if is_wrong[index]][:_SHOWN]
    spread = range(0, len(val), max(1, len(val) // _SHOWN))
    page = Page(
        title=f"Training of {config.name}",
        facts={
            "trained on": f"{len(sets[0])} pictures",
            "chosen and calibrated by": f"{len(val)} pictures",
            "network": config.network,
            **learning_facts(learning),
        },
        figures=_confusion(validation),
        charts_svg=[as_svg(chart) for chart in charts],
        mistakes_are="Most certain first: the picture, with its truth and the answer.",
        mistakes=[_shown(config, validation, val[index], index) for index in worst],
        overlays=[_shown(config, validation, val[index], index) for index in spread][:_SHOWN],
        left_out=(),
        configuration=configuration(config),
    )
    return write_page(out_dir, page, charts, history)


def _confusion(validation: Validation) -> Figures:
    labels, answers = validation.labels, validation.probabilities.argmax(axis=1)
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (validation.class_ids, answers), 1)
    rows = []
    for index, label in enumerate(labels):
        true, right, answered = counts[index].sum(), counts[index, index], counts[:, index].sum()
        rates = (f"{right / whole:.3f}" if whole else "-" for whole in (true, answered))
        rows.append((label, *rates, *map(str, counts[index].tolist())))
    figures = validation.figures
    return Figures(
        f"Accuracy {figures['accuracy']:.3f}, mean recall {figures['balanced']:.3f}, expected calibration "
        f"error {figures['ece']:.3f} at temperature {validation.temperature:g}. A row counts what the "
        "pictures of a class were taken for.",
        ("truth", "recall", "precision", *(f"as {label}" for label in labels)),
        rows,
    )


def _calibration(validation: Validation) -> Chart:
    """Return how often answers of a certainty are right; on the diagonal they are calibrated."""
    certainty = validation.probabilities.max(axis=1)
    is_right = validation.probabilities.argmax(axis=1) == validation.class_ids
    bins = np.minimum((certainty * _BINS).astype(np.int64), _BINS - 1)
    points = [
        (float(certainty[bins == number].mean()), float(is_right[bins == number].mean()))
        for number in np.unique(bins).tolist()
    ]
    return Chart(
        "Right against certainty",
        [Series("right", points), Series("calibrated", [(0.0, 0.0), (1.0, 1.0)])],
        x_min=0.0,
        x_title="probability 0 to {:.0f}",
    )


def _shown(config: ClassifyConfig, validation: Validation, sample: ClassSample, index: int) -> Picture:
    row = validation.probabilities[index]
    answer = int(row.argmax())
    truth, said = config.labels[sample.class_id], config.labels[answer]
    caption = f"{sample.name}: {truth}, answer {said} {row[answer]:.2f}"
    return picture(caption, captioned(caption, fitted(sample.image_bgr, config.view), height_px=300))
