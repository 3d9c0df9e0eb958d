"""The training loop: draws crops, steps, measures, saves, stops in time, and writes the report."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console

from edgevision.errors import EdgeVisionError
from export.data.draw import Batch, CropDraw, batches
from export.data.folder import SegmentationSet
from export.data.sample import SampleSet
from export.networks.deploy import normalise
from export.train.checkpoint import load_trained
from export.train.config import TrainConfig
from export.train.device import Compute
from export.train.evaluate import Answer, evaluate, torch_infer
from export.train.learning import BEST_FILE, Epoch, make_folder
from export.train.loss import segmentation_loss
from export.train.metrics import SegmentationMetrics
from export.train.progress import epoch_progress
from export.train.report import write_report
from export.train.sets import open_sets
from export.train.start import start_from
from export.train.state import TrainingState

__all__ = ["TrainResult", "train_unet"]

_STATISTICS_CROPS = 64


@dataclass(frozen=True, slots=True, eq=False)
class TrainResult:
    """What a training leaves behind."""

    checkpoint: Path
    """The best epoch's running-mean weights; `load_trained` reads it."""
    report: Path
    metrics: SegmentationMetrics
    """Of the validation set, with the weights of `checkpoint`."""
    epochs: int
    minutes: float


def train_unet(
    config: TrainConfig,
    out_dir: Path,
    *,
    data_dir: Path | None = None,
    resume: bool = False,
    start: Path | None = None,
    threads: int | None = None,
    minutes: float | None = None,
) -> TrainResult:
    """Train as configured; after every epoch the work so far is safe in `out_dir`.

    Args:
        config: What to train and how.
        out_dir: Gets `best.pt`, `last.pt`, `report.html` and its pictures.
        data_dir: Folder of the user's pictures, where the configuration trains on such.
        resume: Go on from `out_dir/last.pt`.
        start: Whose weights to begin with instead of random ones, as `start_from` reads them.
        threads: Threads for torch; torch's own choice when absent.
        minutes: End after the epoch in which this much time has passed; `resume` goes on from there.

    Raises:
        UsageError: No usable pictures, or a checkpoint or bundle that does not fit.
        BundleError: `start` is no sound bundle.
        OutputError: `out_dir` cannot be written.
    """
    make_folder(out_dir)
    _limit(threads)
    train, val = open_sets(config, data_dir)
    state = TrainingState(config, Compute.choose(config.optimisation.precision))
    if resume:
        state.resume(out_dir, state.deployable)
    elif start is not None:
        first = next(batches(_draw(config, train, 0), _STATISTICS_CROPS, 1))
        start_from(state.network, start, _as_input(state, first))
        state.restart_average()
    console = Console(stderr=True)
    _announce(console, config, (train, val), state)
    started = time.monotonic()
    while not state.is_over:
        with epoch_progress(console, len(state.history), config.optimisation) as advance:
            state.history.append(_epoch(state, train, val, advance))
        state.save(out_dir, state.deployable)
        console.print(_summary(state))
        if minutes is not None and time.monotonic() - started >= 60 * minutes:
            break
    return _finish(state, (train, val), out_dir)


def _limit(threads: int | None) -> None:
    if threads is not None:
        torch.set_num_threads(threads)
    cv2.setNumThreads(1)


def _announce(
    console: Console, config: TrainConfig, sets: tuple[SampleSet, SampleSet], state: TrainingState
) -> None:
    for samples in sets:
        console.print(f"{samples.description}: {len(samples)} pictures")
        for problem in samples.problems if isinstance(samples, SegmentationSet) else ():
            console.print(f"  left out: {problem.file}: {problem.reason}", style="yellow")
    parameters = sum(value.numel() for value in state.network.parameters())
    console.print(f"{config.name}: {parameters:,} parameters; {state.compute}")


def _epoch(state: TrainingState, train: SampleSet, val: SampleSet, advance: Callable[[], None]) -> Epoch:
    start = time.monotonic()
    config, number = state.config, len(state.history)
    losses = []
    optimisation = config.optimisation
    for batch in batches(
        _draw(config, train, number), optimisation.batch_size, optimisation.batches_per_epoch
    ):
        losses.append(_step(state, batch))
        advance()
    rate = float(state.schedule.get_last_lr()[0])
    metrics: dict[str, float] = {}
    if state.is_measured_now:
        metrics = _measure(state, val)[0].as_flat()
    return Epoch(number + 1, float(np.mean(losses)), rate, time.monotonic() - start, metrics)


def _draw(config: TrainConfig, train: SampleSet, epoch: int) -> CropDraw:
    return CropDraw(
        train.at_epoch(epoch), config.view, config.augmentation, config.sampling, (config.seed, epoch)
    )


def _as_input(state: TrainingState, batch: Batch) -> torch.Tensor:
    images = torch.from_numpy(batch.images).to(state.compute.device)
    return normalise(images, state.config.mean, state.config.std).contiguous(
        memory_format=torch.channels_last
    )


def _step(state: TrainingState, batch: Batch) -> float:
    state.network.train()
    device, config = state.compute.device, state.config
    with state.compute.autocast():
        logits = state.network(_as_input(state, batch))
    loss = segmentation_loss(logits, torch.from_numpy(batch.class_maps).to(device), config.loss)
    return state.step(loss)


def _measure(state: TrainingState, val: SampleSet) -> tuple[SegmentationMetrics, list[Answer]]:
    config = state.config
    infer = torch_infer(state.average.network, config.mean, config.std, state.compute)
    return evaluate(infer, val, config)


def _summary(state: TrainingState) -> str:
    epoch, best = state.history[-1], state.best
    text = f"epoch {epoch.number:3d}  loss {epoch.loss:.4f}  {epoch.seconds:5.1f} s"
    if "mean_iou" in epoch.metrics:
        text += "".join(f"  {name} {value:.3f}" for name, value in epoch.metrics.items())
    return text + ("  *" if best is epoch else "")


def _finish(state: TrainingState, sets: tuple[SampleSet, SampleSet], out_dir: Path) -> TrainResult:
    checkpoint = out_dir / BEST_FILE
    if not checkpoint.is_file():
        raise EdgeVisionError(f"{checkpoint}: no epoch was measured yet; train on with --resume")
    trained = load_trained(checkpoint)
    infer = torch_infer(trained.network.to(state.compute.device), trained.mean, trained.std, state.compute)
    metrics, answers = evaluate(infer, sets[1], state.config)
    report = write_report(out_dir, state, sets, metrics, answers)
    return TrainResult(checkpoint, report, metrics, len(state.history), state.minutes)
