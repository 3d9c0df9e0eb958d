"""The training loop of classifiers: steps, measures, calibrates, saves."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console
from torch.nn import functional as F

from edgevision.errors import EdgeVisionError
from export.classify.config import ClassifyConfig
from export.classify.draw import class_batches
from export.classify.folder import ClassSample, read_classes
from export.classify.report import write_classify_report
from export.classify.start import start_from
from export.classify.trained import load_trained_classifier
from export.classify.validate import TEMPERATURE, input_planes, validate
from export.networks.classifiers import AnyClassifier, build_classifier
from export.train.device import Compute
from export.train.learning import BEST_FILE, Epoch, Learning, make_folder
from export.train.progress import epoch_progress

__all__ = ["ClassifyResult", "train_classifier"]

_FIGURE = "balanced"
_SHOWN = ("accuracy", "balanced", "ece")


@dataclass(frozen=True, slots=True, eq=False)
class ClassifyResult:
    """What a training leaves behind."""

    checkpoint: Path
    """The best epoch's running-mean weights; `load_trained_classifier` reads it."""
    metrics: dict[str, float]
    """Of the validation set, with the weights of `checkpoint`."""
    epochs: int


def train_classifier(
    config: ClassifyConfig,
    out_dir: Path,
    data_dir: Path,
    *,
    resume: bool = False,
    start: Path | None = None,
    threads: int | None = None,
) -> ClassifyResult:
    """Train as configured; after every epoch the work so far is safe in `out_dir`.

    Args:
        config: What to train and how.
        out_dir: Gets `best.pt`, `last.pt`, `report.html` and its pictures.
        data_dir: Folder of pictures with one class each.
        resume: Go on from `out_dir/last.pt`.
        start: Weights to begin with, see `export.classify.start`.
        threads: Threads for torch; torch's own choice when absent.

    Raises:
        UsageError: no usable pictures, or a checkpoint that does not fit.
        OutputError: `out_dir` cannot be written.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    cv2.setNumThreads(1)
    make_folder(out_dir)
    torch.manual_seed(config.seed)
    splits = config.data.train, config.data.val
    train, val = (read_classes(data_dir, split, config.labels) for split in splits)
    compute = Compute.choose(config.optimisation.precision)
    network = build_classifier(config.spec)
    console = Console(stderr=True)
    if not resume and (report := start_from(config, network, start)) is not None:
        console.print(f"weights of {start}:\n{report}", highlight=False)
    learning = Learning(network, config.optimisation, compute, _FIGURE)
    if resume:
        learning.resume(out_dir, _deployable(config, learning))
    parameters = sum(value.numel() for value in learning.network.parameters())
    console.print(
        f"{config.name}: {len(train)} pictures, {parameters:,} parameters; {compute}", highlight=False
    )
    while not learning.is_over:
        with epoch_progress(console, len(learning.history), config.optimisation) as advance:
            learning.history.append(_epoch(config, learning, (train, val), advance))
        learning.save(out_dir, _deployable(config, learning))
        console.print(_summary(learning), highlight=False)
    return _finish(config, learning, (train, val), out_dir)


def _finish(
    config: ClassifyConfig,
    learning: Learning[AnyClassifier],
    sets: tuple[Sequence[ClassSample], Sequence[ClassSample]],
    out_dir: Path,
) -> ClassifyResult:
    """Write the report of the best weights."""
    best = learning.best
    if best is None:
        raise EdgeVisionError(f"{out_dir / BEST_FILE}: no epoch was measured yet; train on with --resume")
    network = load_trained_classifier(out_dir / BEST_FILE).network.to(learning.compute.device)
    validation = validate(config, network, learning.compute, sets[1])
    write_classify_report(out_dir, config, learning, sets, validation)
    return ClassifyResult(out_dir / BEST_FILE, best.metrics, len(learning.history))


def _deployable(config: ClassifyConfig, learning: Learning[AnyClassifier]) -> dict[str, object]:
    return {
        "classifier": config.spec.model_dump(mode="json"),
        "labels": list(config.labels),
        "view": config.view.model_dump(mode="json"),
        "mean": list(config.mean),
        "std": list(config.std),
        "temperature": learning.history[-1].metrics.get(TEMPERATURE, 1.0) if learning.history else 1.0,
        "config": config.model_dump(mode="json", by_alias=True),
    }


def _epoch(
    config: ClassifyConfig,
    learning: Learning[AnyClassifier],
    sets: tuple[Sequence[ClassSample], Sequence[ClassSample]],
    advance: Callable[[], None],
) -> Epoch:
    start, number, losses = time.monotonic(), len(learning.history), []
    for images, class_ids in class_batches(config, sets[0], number):
        learning.network.train()
        with learning.compute.autocast():
            logits = learning.network(input_planes(config, learning.compute, images)).logits
        truth = torch.from_numpy(class_ids).to(learning.compute.device)
        losses.append(learning.step(F.cross_entropy(logits, truth, label_smoothing=config.smoothing)))
        advance()
    rate = float(learning.schedule.get_last_lr()[0])
    metrics: dict[str, float] = {}
    if learning.is_measured_now:
        metrics = validate(config, learning.average.network, learning.compute, sets[1]).figures
    return Epoch(number + 1, float(np.mean(losses)), rate, time.monotonic() - start, metrics)


def _summary(learning: Learning[AnyClassifier]) -> str:
    epoch = learning.history[-1]
    text = f"epoch {epoch.number:3d}  loss {epoch.loss:.4f}  {epoch.seconds:5.1f} s"
    text += "".join(f"  {name} {epoch.metrics[name]:.3f}" for name in _SHOWN if name in epoch.metrics)
    return text + ("  *" if learning.best is epoch else "")
