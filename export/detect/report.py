"""Writes the report of a detector's training: curves, precision against recall, the worst mistakes."""

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml

from edgevision.errors import OutputError
from edgevision.ops.boxes import iou_matrix
from edgevision.ops.detections import Detections
from edgevision.types import ImageBgr
from export.detect.canvas import Canvas
from export.detect.drawing import drawn_boxes
from export.detect.metrics import DetectionMetrics
from export.detect.sample import BoxSet
from export.detect.state import DetectState
from export.train.report.curves import Chart, Series, as_png, as_svg
from export.train.report.overlay import captioned
from export.train.report.page import Figures, Page, Picture, render

__all__ = ["Validation", "mistakes_in", "write_detect_report"]

_SHOWN = 8
_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """What was found in the validation pictures."""

    metrics: DetectionMetrics
    found: Sequence[Detections]
    canvases: Sequence[Canvas]
    """The pictures as the model sees them."""


def write_detect_report(
    out_dir: Path, state: DetectState, sets: tuple[BoxSet, BoxSet], validation: Validation
) -> Path:
    """Write the report and return the path of its page. Raises OutputError.

    Args:
        out_dir: Gets `report.html`, `curves.png`, pictures and `history.json`.
        state: At the end of the training.
        sets: Training and validation.
        validation: With the best weights.
    """
    metrics, canvases = validation.metrics, validation.canvases
    threshold = metrics.best_score()
    charts = _charts(state, metrics)
    counted = [one[one.scores >= threshold] for one in validation.found]
    mistakes = [mistakes_in(one, canvas) for one, canvas in zip(counted, canvases, strict=True)]
    worst = sorted(range(len(canvases)), key=lambda index: -mistakes[index])[:_SHOWN]
    spread = range(0, len(canvases), max(1, len(canvases) // _SHOWN))

    def picture(index: int) -> Picture:
        caption = f"picture {index}: {mistakes[index]} mistakes"
        return _picture(caption, canvases[index], counted[index], state.labels)

    page = Page(
        title=f"Training of {state.config.name}",
        facts=_facts(state, sets, threshold),
        figures=_figures(metrics, threshold),
        charts_svg=[as_svg(chart) for chart in charts],
        mistakes_are="Most boxes that are missed or wrong first: truth, answer.",
        mistakes=[picture(index) for index in worst if mistakes[index]],
        overlays=[picture(index) for index in spread[:_SHOWN]],
        left_out=[str(problem) for samples in sets for problem in samples.problems],
        configuration=str(
            yaml.safe_dump(state.config.model_dump(mode="json", by_alias=True), sort_keys=False)
        ),
    )
    history = [[e.number, e.loss, e.learning_rate, e.seconds, e.metrics] for e in state.history]
    try:
        (out_dir / "curves.png").write_bytes(_png(np.vstack([as_png(chart) for chart in charts])))
        for index, mistake in enumerate(page.mistakes):
            (out_dir / f"mistake-{index}.png").write_bytes(mistake.png)
        (out_dir / "history.json").write_text(json.dumps(history, indent=1), "utf-8")
        (out_dir / "report.html").write_text(render(page), "utf-8")
    except OSError as error:
        raise OutputError(f"{out_dir}: cannot write the report: {error.strerror}; is there room?") from error
    return out_dir / "report.html"


def mistakes_in(found: Detections, canvas: Canvas) -> int:
    """Count boxes that meet no object of their class by IoU 0.5, and objects that no box meets so."""
    met = iou_matrix(found.boxes_xyxy, canvas.boxes_xyxy) >= 0.5
    met &= found.class_ids[:, np.newaxis] == canvas.class_ids
    missed = ~met.any(axis=0) & ~canvas.difficult
    return int((~met.any(axis=1)).sum() + missed.sum())


def _charts(state: DetectState, metrics: DetectionMetrics) -> list[Chart]:
    history = state.history
    loss = Chart("Training loss", [Series("loss", [(epoch.number, epoch.loss) for epoch in history])])
    names = dict.fromkeys(name for epoch in history for name in epoch.metrics)
    validation = [
        Series(name, [(e.number, e.metrics[name]) for e in history if name in e.metrics]) for name in names
    ]
    against = [
        Series(label, _thinned(curve.recall, curve.precision))
        for label, curve in metrics.curves.items()
        if curve.objects
    ]
    curves = Chart("Precision against recall, IoU 0.5", against, x_min=0.0, x_title="recall 0 to {:.2f}")
    return [loss, Chart("Validation", validation), curves]


def _thinned(x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
    chosen = np.unique(np.linspace(0, max(len(x) - 1, 0), min(len(x), _CURVE_POINTS)).astype(int))
    return [(float(x[index]), float(y[index])) for index in chosen]


def _figures(metrics: DetectionMetrics, threshold: float) -> Figures:
    rows = []
    for label, curve in metrics.curves.items():
        values = (curve.average_precision, *curve.at(threshold))
        rows.append((label, *(f"{value:.3f}" for value in values), f"{curve.objects:,}"))
    return Figures(
        f"Mean average precision at IoU 0.5: {metrics.mean_ap:.3f}. The mean F-score is highest, "
        f"{metrics.f_score(threshold):.3f}, when boxes count from score {threshold:.2f}; so do they below.",
        ("class", "AP", "precision", "recall", "F-score", "objects"),
        rows,
    )


def _picture(caption: str, canvas: Canvas, found: Detections, labels: Sequence[str]) -> Picture:
    image = _shown(canvas)
    truth = Detections(canvas.boxes_xyxy, np.ones(len(canvas.class_ids), np.float32), canvas.class_ids)
    panels = [
        captioned(f"{caption}: truth", drawn_boxes(image, truth, labels), height_px=480),
        captioned("answer", drawn_boxes(image, found, labels), height_px=480),
    ]
    return Picture(caption, _png(np.hstack(panels)))


def _shown(canvas: Canvas) -> ImageBgr:
    """Return the tested picture in colours that OpenCV writes; of RGB red and blue are exchanged."""
    channels = canvas.image.shape[2]
    if channels % 3:
        return np.asarray(
            cv2.cvtColor(np.ascontiguousarray(canvas.image[:, :, 0]), cv2.COLOR_GRAY2BGR), np.uint8
        )
    return np.ascontiguousarray(canvas.image[:, :, 2::-1])


def _png(image: ImageBgr) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _facts(state: DetectState, sets: tuple[BoxSet, BoxSet], threshold: float) -> dict[str, str]:
    parameters = sum(value.numel() for value in state.network.parameters())
    best = state.best
    priors = "; ".join(", ".join(f"{w:g} x {h:g}" for w, h in sizes) for sizes in state.prior_sizes)
    return {
        "trained on": f"{sets[0].description}: {len(sets[0])} pictures",
        "seen again" if state.config.data.is_refit else "chosen by": f"{sets[1].description}: "
        f"{len(sets[1])} pictures",
        "network": f"{state.spec.kind}, {parameters:,} parameters",
        "priors": priors,
        "best threshold": f"{threshold:.2f}",
        "epochs": f"{len(state.history)}, best {best.number if best else '-'}",
        "duration": f"{state.minutes:.1f} minutes",
        "machine": f"{platform.machine()}, {state.compute}, torch {torch.__version__}",
    }
