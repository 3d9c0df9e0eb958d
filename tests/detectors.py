"""A detector of drawn squares and bars: trained within seconds, converted and quantised, once a session."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from export.data.augment import Augmentation
from export.description import Description
from export.detect.config import DetectConfig
from export.detect.loop import DetectResult, train_ssd
from export.pipeline import Step, convert_torch, quantize
from export.sources import load_torch
from export.subjects import names_of, names_to_be, open_subject
from export.work import Work
from tests.boxes import LABELS, write_voc

__all__ = ["config", "described", "folder", "step", "trained", "work"]


def config(**changes: object) -> DetectConfig:
    """Return the configuration of its training, with changes."""
    fields: dict[str, object] = {
        "schema": "edgevision.detector-training/1",
        "name": "shapes",
        "labels": LABELS,
        "layers": {"widths": (8, 16, 16), "blocks": (0, 0, 1), "head_channels": 16, "map_strides": (8,)},
        "priors": {"count": 2},
        "view": {"size_wh": (96, 64)},
        "augmentation": Augmentation(rotation_deg=0, quarter_turns=False),
        "crops": {"size_wh": (96, 64), "photograph": False},
        "optimisation": {
            "epochs": 2,
            "batches_per_epoch": 60,
            "batch_size": 8,
            "learning_rate": 0.01,
            "ema_decay": 0.9,
        },
    }
    return DetectConfig.model_validate(fields | changes)


def described(**changes: object) -> Description:
    """Return what is said about the model, with changes."""
    fields: dict[str, object] = {
        "schema": "edgevision.model/1",
        "name": "shapes",
        "version": "0.1.0",
        "licence": "Apache-2.0",
        "detect": {},
        "provenance": [{"name": "drawn", "licence": "CC0-1.0", "attribution": "nobody", "use": "tests"}],
    }
    return Description.model_validate(fields | changes)


@cache
def folder() -> Path:
    """Return the labelled pictures."""
    return write_voc(Path(mkdtemp()) / "shapes")


@cache
def trained() -> DetectResult:
    """Return what the training leaves behind."""
    return train_ssd(config(), folder().parent / "run", folder(), threads=1)


@cache
def work() -> Work:
    """What convert and quantize leave behind."""
    source = load_torch(str(trained().checkpoint), described())
    target = Work(folder().parent / "work")
    names = names_to_be(source.description)
    subject = open_subject(
        source.description, source.training, names, str(folder()), calibration=1, held_out=4
    )
    convert_torch(source, 18, subject, target)
    assert quantize(step(target))
    return target


def step(target: Work) -> Step:
    """Open a work folder with its pictures."""
    facts = target.read_facts()
    subject = open_subject(
        facts.description,
        facts.training,
        names_of(target.read_model("fp32")),
        str(folder()),
        calibration=12,
        held_out=12,
    )
    return Step(target, subject, lambda _: None)
