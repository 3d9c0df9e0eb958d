"""Writes the report of a training into its folder: `report.html`, `curves.png`, overlays, `history.json`."""

import json
import math
import platform
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml

from edgevision.errors import OutputError
from edgevision.types import ImageBgr
from export.data.folder import SegmentationSet
from export.data.sample import SampleSet
from export.train.evaluate import Answer
from export.train.learning import Epoch
from export.train.metrics import SegmentationMetrics
from export.train.report.curves import Chart, Series, as_png, as_svg
from export.train.report.overlay import side_by_side
from export.train.report.page import Figures, Page, Picture, render
from export.train.state import TrainingState

__all__ = ["write_report"]

_SHOWN = 8


def write_report(
    out_dir: Path,
    state: TrainingState,
    sets: tuple[SampleSet, SampleSet],
    metrics: SegmentationMetrics,
    answers: Sequence[Answer],
) -> Path:
    """Write the report and return the path of its page. Raises OutputError."""
    charts = _charts(state.history)
    labels = state.config.labels
    mistakes = sorted(answers, key=lambda answer: answer.wrong_px, reverse=True)[:_SHOWN]
    page = Page(
        title=f"Training of {state.config.name}",
        facts=_facts(state, sets),
        figures=_figures(metrics),
        charts_svg=[as_svg(chart) for chart in charts],
        mistakes_are="Most wrong pixels first: picture, truth, answer.",
        overlays=[_picture(answer, labels) for answer in _spread(answers)],
        mistakes=[_picture(answer, labels) for answer in mistakes if answer.wrong_px],
        left_out=_left_out(sets),
        configuration=_configuration(state),
    )
    history = [[e.number, e.loss, e.learning_rate, e.seconds, e.metrics] for e in state.history]
    try:
        _write_pictures(out_dir, charts, page)
        (out_dir / "history.json").write_text(json.dumps(history, indent=1), "utf-8")
        (out_dir / "report.html").write_text(render(page), "utf-8")
    except OSError as error:
        raise OutputError(f"{out_dir}: cannot write the report: {error.strerror}; is there room?") from error
    return out_dir / "report.html"


def _figures(metrics: SegmentationMetrics) -> Figures:
    rows = []
    for one in metrics.classes:
        values = (one.iou, one.dice, one.precision, one.recall, one.tolerance_f1)
        shown = ("-" if value is None or math.isnan(value) else f"{value:.3f}" for value in values)
        rows.append((one.label, *shown, f"{one.truth_px:,}"))
    return Figures(
        f"Mean IoU of the defect classes {metrics.mean_iou:.3f}, any defect against background "
        f"{metrics.defect_iou:.3f}, over all pixels of {metrics.pictures} pictures.",
        ("class", "IoU", "Dice", "precision", "recall", "F1 with tolerance", "true pixels"),
        rows,
    )


def _write_pictures(out_dir: Path, charts: Sequence[Chart], page: Page) -> None:
    (out_dir / "curves.png").write_bytes(_png(np.vstack([as_png(chart) for chart in charts])))
    for kind, pictures in (("sample", page.overlays), ("mistake", page.mistakes)):
        for index, picture in enumerate(pictures):
            (out_dir / f"{kind}-{index}.png").write_bytes(picture.png)


def _charts(history: Sequence[Epoch]) -> list[Chart]:
    loss = Chart("Training loss", [Series("loss", [(epoch.number, epoch.loss) for epoch in history])])
    names = dict.fromkeys(name for epoch in history for name in epoch.metrics if "tolerance" not in name)
    series = [
        Series(name, [(e.number, e.metrics[name]) for e in history if name in e.metrics]) for name in names
    ]
    return [loss, Chart("Validation", series)]


def _spread(answers: Sequence[Answer]) -> list[Answer]:
    """Choose samples evenly over the set: two of three with a defect where there are any."""
    defective = [answer for answer in answers if answer.sample.class_map.any()]
    clean = [answer for answer in answers if not answer.sample.class_map.any()]
    return [*_evenly(defective, _SHOWN - _SHOWN // 3), *_evenly(clean, _SHOWN // 3)]


def _evenly(answers: Sequence[Answer], count: int) -> list[Answer]:
    count = min(count, len(answers))
    return [answers[index * (len(answers) - 1) // max(count - 1, 1)] for index in range(count)]


def _picture(answer: Answer, labels: Sequence[str]) -> Picture:
    caption = f"{answer.sample.name}, {answer.wrong_px} pixels wrong"
    return Picture(caption, _png(side_by_side(answer, labels)))


def _png(image: ImageBgr) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _facts(state: TrainingState, sets: tuple[SampleSet, SampleSet]) -> dict[str, str]:
    parameters = sum(value.numel() for value in state.network.parameters())
    best = state.best
    return {
        "trained on": f"{sets[0].description}: {len(sets[0])} pictures",
        "chosen by": f"{sets[1].description}: {len(sets[1])} pictures",
        "network": f"{state.config.network.kind}, {parameters:,} parameters",
        "epochs": f"{len(state.history)}, best {best.number if best else '-'}",
        "duration": f"{state.minutes:.1f} minutes",
        "machine": f"{platform.machine()}, {state.compute}, torch {torch.__version__}",
    }


def _left_out(sets: tuple[SampleSet, SampleSet]) -> list[str]:
    folders = [samples for samples in sets if isinstance(samples, SegmentationSet)]
    return [f"{problem.file.name}: {problem.reason}" for samples in folders for problem in samples.problems]


def _configuration(state: TrainingState) -> str:
    values = state.config.model_dump(mode="json", by_alias=True, exclude_none=True)
    return str(yaml.safe_dump(values, sort_keys=False, allow_unicode=True))
