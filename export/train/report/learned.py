"""What reports of embedders and classifiers share: facts and curves of a training, writing the page."""

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import yaml
from pydantic import BaseModel

from edgevision.errors import OutputError
from edgevision.types import ImageBgr
from export.train.learning import Epoch, Learning
from export.train.report.curves import Chart, Series, as_png
from export.train.report.page import Page, Picture, render

__all__ = ["configuration", "learning_facts", "loss_chart", "picture", "validation_chart", "write_page"]


def learning_facts(learning: Learning[Any]) -> dict[str, str]:
    """Return size, length and place of a training, for people."""
    best = learning.best
    parameters = sum(value.numel() for value in learning.network.parameters())
    return {
        "parameters": f"{parameters:,}",
        "epochs": f"{len(learning.history)}, best {best.number if best else '-'}",
        "duration": f"{learning.minutes:.1f} minutes",
        "machine": f"{platform.machine()}, {learning.compute}, torch {torch.__version__}",
    }


def loss_chart(history: Sequence[Epoch]) -> Chart:
    """Return the training loss over the epochs."""
    return Chart("Training loss", [Series("loss", [(epoch.number, epoch.loss) for epoch in history])])


def validation_chart(history: Sequence[Epoch], names: Sequence[str]) -> Chart:
    """Return these figures of validation over the epochs that were measured."""
    series = [
        Series(name, [(e.number, e.metrics[name]) for e in history if name in e.metrics]) for name in names
    ]
    return Chart("Validation", series)


def configuration(config: BaseModel) -> str:
    """Return a training configuration as YAML."""
    return str(yaml.safe_dump(config.model_dump(mode="json", by_alias=True), sort_keys=False))


def picture(caption: str, image: ImageBgr) -> Picture:
    """Return a picture of the report."""
    return Picture(caption, _png(image))


def write_page(out_dir: Path, page: Page, charts: Sequence[Chart], history: Sequence[Epoch]) -> Path:
    """Write `report.html`, `curves.png`, the mistakes and `history.json`; return the page's path.

    Raises OutputError.
    """
    entries = [[e.number, e.loss, e.learning_rate, e.seconds, e.metrics] for e in history]
    try:
        (out_dir / "curves.png").write_bytes(_png(np.vstack([as_png(chart) for chart in charts])))
        for index, mistake in enumerate(page.mistakes):
            (out_dir / f"mistake-{index}.png").write_bytes(mistake.png)
        (out_dir / "history.json").write_text(json.dumps(entries, indent=1), "utf-8")
        (out_dir / "report.html").write_text(render(page), "utf-8")
    except OSError as error:
        raise OutputError(f"{out_dir}: cannot write the report: {error.strerror}; is there room?") from error
    return out_dir / "report.html"


def _png(image: ImageBgr) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()
