"""The training loop of detectors: opens the data, trains and measures epochs, saves, writes the report."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console

from edgevision.errors import EdgeVisionError, UsageError
from export.detect.canvas import Canvas
from export.detect.config import DetectConfig
from export.detect.folder import labels_of, read_boxes, read_splits
from export.detect.metrics import DetectionMetrics
from export.detect.priors import fit_sizes, sizes_per_map
from export.detect.report import Validation, write_detect_report
from export.detect.sample import BoxSet
from export.detect.start import start_from
from export.detect.state import DetectState, Sizes
from export.detect.trained import load_trained_detector
from export.detect.trainer import Draws, draws_of, found_in, measured, train_epoch
from export.train.device import Compute
from export.train.learning import BEST_FILE, Epoch, make_folder
from export.train.progress import epoch_progress

__all__ = ["DetectResult", "train_ssd"]


@dataclass(frozen=True, slots=True, eq=False)
class DetectResult:
    """What a training leaves behind."""

    checkpoint: Path
    """The best epoch's running-mean weights; `load_trained_detector` reads it."""
    report: Path
    metrics: DetectionMetrics
    """Of the validation set, with the weights of `checkpoint`."""
    epochs: int


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    train: BoxSet
    val: BoxSet
    train_canvases: Sequence[Canvas]
    val_canvases: Sequence[Canvas]


def train_ssd(
    config: DetectConfig,
    out_dir: Path,
    data_dir: Path,
    *,
    resume: bool = False,
    start: Path | None = None,
    threads: int | None = None,
    minutes: float | None = None,
) -> DetectResult:
    """Train as configured; after every epoch the work so far is safe in `out_dir`.

    Args:
        config: What to train and how.
        out_dir: Gets `best.pt`, `last.pt`, `report.html` and its pictures.
        data_dir: Folder of labelled boxes.
        resume: Go on from `out_dir/last.pt`.
        start: Weights to begin with instead of random ones, see `export.detect.start`.
        threads: Threads for torch; torch's own choice when absent.
        minutes: End after the epoch in which this much time has passed; `resume` goes on from there.

    Raises:
        UsageError: No usable pictures, or a checkpoint that does not fit.
        OutputError: `out_dir` cannot be written.
    """
    make_folder(out_dir)
    _limit(threads)
    labels = config.labels or _labels_of(data_dir, config.data.train)
    data = _open(config, data_dir, labels)
    sizes = _fitted(config, data.train_canvases)
    state = DetectState(config, labels, sizes, Compute.choose(config.optimisation.precision))
    console = Console(stderr=True)
    _announce(console, state, data)
    if resume:
        state.resume(out_dir, state.deployable)
    elif start is not None:
        console.print(f"weights of {start}:\n{start_from(state, start)}", highlight=False)
    draws = draws_of(state, data.train, data.train_canvases)
    began = time.monotonic()
    while not state.is_over:
        state.history.append(_epoch(state, draws, data, console))
        state.save(out_dir, state.deployable)
        console.print(_summary(state), highlight=False)
        if minutes is not None and time.monotonic() - began >= 60 * minutes:
            break
    return _finish(state, data, out_dir)


def _epoch(state: DetectState, draws: Draws, data: _Data, console: Console) -> Epoch:
    started, number, optimisation = time.monotonic(), len(state.history), state.config.optimisation
    with epoch_progress(console, number, optimisation) as advance:
        loss = train_epoch(state, draws(number), advance)
    metrics: dict[str, float] = {}
    if state.is_measured_now:
        found = found_in(state, state.average.network, data.val_canvases)
        metrics = measured(found, data.val_canvases, state.labels).as_flat()
    rate = float(state.schedule.get_last_lr()[0])
    return Epoch(number + 1, loss, rate, time.monotonic() - started, metrics)


def _labels_of(data_dir: Path, splits: Sequence[str]) -> tuple[str, ...]:
    """Return the classes of the splits; those that only a later one has come last."""
    return tuple(dict.fromkeys(label for split in splits for label in labels_of(data_dir, split)))


def _limit(threads: int | None) -> None:
    if threads is not None:
        torch.set_num_threads(threads)
    cv2.setNumThreads(1)


def _open(config: DetectConfig, data_dir: Path, labels: Sequence[str]) -> _Data:
    pair, flawed = config.view.pair, config.data.flawed_share > 0
    train = read_splits(data_dir, config.data.train, labels, pairs=pair or flawed)
    val = read_boxes(data_dir, config.data.val, labels, pairs=pair)
    canvases = [[config.view.canvas(sample) for sample in samples] for samples in (train, val)]
    return _Data(train, val, *canvases)


def _fitted(config: DetectConfig, canvases: Sequence[Canvas]) -> Sizes:
    """Return the priors of an ssdlite: given, or fitted to the training boxes as the model sees them."""
    sides = np.concatenate([c.boxes_xyxy[:, 2:] - c.boxes_xyxy[:, :2] for c in canvases]).astype(np.float64)
    if len(sides) == 0:
        raise UsageError("the training split: expected labelled boxes, got none; check --data")
    if config.network != "ssdlite":
        return ()
    given = np.array(config.priors.sizes_wh, np.float64)
    sizes = given if len(given) else fit_sizes(sides, config.priors.count, config.seed)
    return tuple(tuple(of_map) for of_map in sizes_per_map(sizes, config.spec(1).map_strides))


def _announce(console: Console, state: DetectState, data: _Data) -> None:
    for samples in (data.train, data.val):
        console.print(f"{samples.description}: {len(samples)} pictures", highlight=False)
        for problem in samples.problems:
            console.print(f"  left out: {problem}", style="yellow", highlight=False)
    parameters = sum(value.numel() for value in state.network.parameters())
    console.print(f"{state.config.name}: {parameters:,} parameters; {state.compute}", highlight=False)


def _summary(state: DetectState) -> str:
    epoch, best = state.history[-1], state.best
    text = f"epoch {epoch.number:3d}  loss {epoch.loss:.4f}  {epoch.seconds:5.1f} s"
    text += "".join(f"  {name} {value:.3f}" for name, value in epoch.metrics.items())
    return text + ("  *" if best is epoch else "")


def _finish(state: DetectState, data: _Data, out_dir: Path) -> DetectResult:
    checkpoint = out_dir / BEST_FILE
    if not checkpoint.is_file():
        raise EdgeVisionError(f"{checkpoint}: no epoch was measured yet; train on with --resume")
    network = load_trained_detector(checkpoint).network.to(state.compute.device)
    found = found_in(state, network, data.val_canvases)
    metrics = measured(found, data.val_canvases, state.labels)
    validation = Validation(metrics, found, data.val_canvases)
    report = write_detect_report(out_dir, state, (data.train, data.val), validation)
    return DetectResult(checkpoint, report, metrics, len(state.history))
