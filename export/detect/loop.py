"""The training loop of detectors: draws crops, steps, measures, saves, stops in time, writes the report."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from edgevision.errors import EdgeVisionError, OutputError, UsageError
from edgevision.ops.boxes import prior_boxes
from export.detect.canvas import Canvas
from export.detect.config import DetectConfig
from export.detect.draw import Batch, Draw, batches
from export.detect.loss import detection_loss
from export.detect.metrics import DetectionMetrics, Truth, measure
from export.detect.predict import as_input, predict
from export.detect.priors import fit_sizes, sizes_per_map
from export.detect.sample import BoxSet
from export.detect.state import DetectState, Sizes
from export.detect.targets import Matching, assign
from export.detect.voc import read_voc, voc_labels
from export.networks.detectors import prior_maps
from export.train.device import Compute
from export.train.state import Epoch

__all__ = ["train_ssd"]


def train_ssd(
    config: DetectConfig,
    out_dir: Path,
    data_dir: Path,
    *,
    resume: bool = False,
    start: Path | None = None,
    threads: int | None = None,
) -> DetectState:
    _prepare(out_dir, threads)
    labels = config.labels or voc_labels(data_dir, config.data.train)
    pairs = config.view.pair
    train = read_voc(data_dir, config.data.train, labels, pairs=pairs)
    val = read_voc(data_dir, config.data.val, labels, pairs=pairs)
    crops = [config.view.canvas(sample) for sample in train]
    state = DetectState(config, labels, _fitted(config, crops), Compute.choose(config.optimisation.precision))
    if resume:
        state.resume(out_dir)
    elif start is not None:
        from export.detect.start import start_from

        start_from(state, start)
    console = Console(stderr=True)
    _announce(console, state, (train, val))
    held_out = [config.view.canvas(sample) for sample in val]
    while not state.is_over:
        with _progress(console, config, len(state.history)) as (progress, task):
            state.history.append(_epoch(state, crops, held_out, (progress, task)))
        state.save(out_dir)
        console.print(_summary(state))
    return state


def _prepare(out_dir: Path, threads: int | None) -> None:
    if threads is not None:
        torch.set_num_threads(threads)
    cv2.setNumThreads(1)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out_dir}: cannot be made: {error.strerror}; choose another --out") from error


def _fitted(config: DetectConfig, canvases: list[Canvas]) -> Sizes:
    sides = np.concatenate([c.boxes_xyxy[:, 2:] - c.boxes_xyxy[:, :2] for c in canvases]).astype(np.float64)
    if len(sides) == 0:
        raise UsageError("the training split: expected labelled boxes, got none; check --data")
    fitted = fit_sizes(sides, config.priors.count, config.seed)
    maps = sizes_per_map(fitted, config.spec(1).map_strides)
    return tuple(tuple(sizes) for sizes in maps)


def _announce(console: Console, state: DetectState, sets: tuple[BoxSet, BoxSet]) -> None:
    for samples in sets:
        console.print(f"{samples.description}: {len(samples)} pictures")
        for problem in samples.problems:
            console.print(f"  left out: {problem}", style="yellow")
    parameters = sum(value.numel() for value in state.network.parameters())
    console.print(f"{state.config.name}: {parameters:,} parameters; {state.compute}; {state.prior_sizes}")


@contextmanager
def _progress(console: Console, config: DetectConfig, done: int) -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        label = f"epoch {done + 1}/{config.optimisation.epochs}"
        yield progress, progress.add_task(label, total=config.optimisation.batches_per_epoch)


def _epoch(
    state: DetectState, train: list[Canvas], val: list[Canvas], progress: tuple[Progress, TaskID]
) -> Epoch:
    start = time.monotonic()
    config, number = state.config, len(state.history)
    optimisation = config.optimisation
    draw = Draw(train, config.crops, config.augmentation, (config.seed, number))
    priors = prior_boxes(
        prior_maps(state.spec, state.prior_sizes, config.crops.size_wh), config.crops.size_wh
    )
    losses = []
    for batch in batches(draw, optimisation.batch_size, optimisation.batches_per_epoch):
        losses.append(_step(state, batch, priors))
        progress[0].update(progress[1], advance=1)
    rate = float(state.schedule.get_last_lr()[0])
    is_last = number + 1 == optimisation.epochs
    metrics: dict[str, float] = {}
    if is_last or (number + 1) % optimisation.validate_every == 0:
        metrics = _measure(state, val).as_flat()
    return Epoch(number + 1, float(np.mean(losses)), rate, time.monotonic() - start, metrics)


def _step(state: DetectState, batch: Batch, priors: np.ndarray) -> float:
    state.network.train()
    device, config = state.compute.device, state.config
    matching = Matching(config.priors.positive_iou, config.priors.background_iou)
    targets = [
        assign(priors, boxes, ids, matching)
        for boxes, ids in zip(batch.boxes_xyxy, batch.class_ids, strict=True)
    ]
    with state.compute.autocast():
        raw = state.network(as_input(batch.images, config.mean, config.std).to(device))
    offsets = torch.from_numpy(np.stack([t.offsets for t in targets])).to(device)
    classes = torch.from_numpy(np.stack([t.class_ids for t in targets])).to(device)
    loss = detection_loss(raw, offsets, classes, config.loss)
    if not torch.isfinite(loss):
        raise EdgeVisionError(
            f"{config.name}: the loss became {loss.item()} in epoch {len(state.history) + 1}; expected a "
            "finite number; lower optimisation.learning_rate and --resume"
        )
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 5.0)
    state.optimiser.step()
    state.schedule.step()
    state.average.follow(state.network)
    return float(loss.item())


def _measure(state: DetectState, val: list[Canvas]) -> DetectionMetrics:
    config = state.config
    size_wh = config.view.size_wh
    priors = prior_boxes(prior_maps(state.spec, state.prior_sizes, size_wh), size_wh)
    network = state.average.network
    found = [predict(network, c, priors, (config.mean, config.std), state.compute) for c in val]
    truths = [Truth(c.boxes_xyxy, c.class_ids, c.difficult) for c in val]
    return measure(found, truths, state.labels)


def _summary(state: DetectState) -> str:
    epoch, best = state.history[-1], state.best
    text = f"epoch {epoch.number:3d}  loss {epoch.loss:.4f}  {epoch.seconds:5.1f} s"
    text += "".join(f"  {name} {value:.3f}" for name, value in epoch.metrics.items())
    return text + ("  *" if best is epoch else "")
