"""The training loop of embedders: draws identities, steps, measures on others, saves."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from edgevision.errors import EdgeVisionError
from export.embed.arcface import ArcFace
from export.embed.batch import Batch, Identities
from export.embed.config import EmbedConfig
from export.embed.discriminant import begin_with_discriminants
from export.embed.draws import draw_identities, open_identities
from export.embed.report import write_embed_report
from export.embed.trained import load_trained_embedder
from export.embed.validate import input_planes, validate
from export.networks.embedder import Embedded
from export.networks.embedders import AnyEmbedder, build_embedder
from export.networks.patterns import PatternEmbedder
from export.train.device import Compute
from export.train.learning import BEST_FILE, Epoch, Learning, make_folder
from export.train.progress import epoch_progress

__all__ = ["EmbedResult", "train_embedder"]

_FIGURE = "tar_1e3"
_KNOWN_SPREAD = 0.05
"""Standard deviation of what is added to known positions, so that small misses are learnt too."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbedResult:
    """What a training leaves behind."""

    checkpoint: Path
    """The best epoch's running-mean weights; `load_trained_embedder` reads it."""
    metrics: dict[str, float]
    """Of the identities to validate with, by the weights of `checkpoint`."""
    epochs: int


def train_embedder(
    config: EmbedConfig, out_dir: Path, *, resume: bool = False, threads: int | None = None
) -> EmbedResult:
    """Train as configured; after every epoch the work so far is safe in `out_dir`.

    Args:
        config: What to train and how.
        out_dir: Gets `best.pt`, `last.pt`, `report.html` and its pictures.
        resume: Go on from `out_dir/last.pt`.
        threads: Threads for torch; torch's own choice when absent.

    Raises:
        UsageError: a checkpoint that does not fit.
        OutputError: `out_dir` cannot be written.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    cv2.setNumThreads(1)
    make_folder(out_dir)
    torch.manual_seed(config.seed)
    head = ArcFace(config.data.identities, config.network.dimensions, config.loss.scale)
    compute = Compute.choose(config.optimisation.precision)
    train, val = (open_identities(config, validation=is_val) for is_val in (False, True))
    network = build_embedder(config.network)
    if isinstance(network, PatternEmbedder) and not resume:
        begin_with_discriminants(config, network, compute, train)
    learning = Learning(network, config.optimisation, compute, _FIGURE, head)
    if resume:
        learning.resume(out_dir, _deployable(config))
    console = Console(stderr=True)
    parameters = sum(value.numel() for value in learning.network.parameters())
    console.print(f"{config.name}: {parameters:,} parameters; {compute}", highlight=False)
    while not learning.is_over:
        with epoch_progress(console, len(learning.history), config.optimisation) as advance:
            learning.history.append(_epoch(config, learning, train, val, advance))
        learning.save(out_dir, _deployable(config))
        console.print(_summary(learning), highlight=False)
    best = learning.best
    if best is None:
        raise EdgeVisionError(f"{out_dir / BEST_FILE}: no epoch was measured yet; train on with --resume")
    trained = load_trained_embedder(out_dir / BEST_FILE).network.to(compute.device)
    write_embed_report(out_dir, config, learning, validate(config, trained, compute, val))
    return EmbedResult(out_dir / BEST_FILE, best.metrics, len(learning.history))


def _deployable(config: EmbedConfig) -> dict[str, Any]:
    return {
        "embedder": config.network.model_dump(mode="json"),
        "mean": config.mean,
        "std": config.std,
        "config": config.model_dump(mode="json", by_alias=True),
    }


def _epoch(
    config: EmbedConfig,
    learning: Learning[AnyEmbedder],
    train: Identities,
    val: Identities,
    advance: Callable[[], None],
) -> Epoch:
    start, number, losses = time.monotonic(), len(learning.history), []
    progress = number / config.optimisation.epochs
    margin = config.loss.margin * min(max(3 * progress - 1, 0.0), 1.0)
    for batch in draw_identities(config, number, train):
        learning.network.train()
        losses.append(learning.step(_loss(config, learning, batch, margin)))
        advance()
    rate = float(learning.schedule.get_last_lr()[0])
    metrics: dict[str, float] = {}
    if learning.is_measured_now:
        metrics = validate(config, learning.average.network, learning.compute, val).figures
    return Epoch(number + 1, float(np.mean(losses)), rate, time.monotonic() - start, metrics)


def _loss(config: EmbedConfig, learning: Learning[AnyEmbedder], batch: Batch, margin: float) -> Tensor:
    device = learning.compute.device
    identities = torch.from_numpy(batch.identities).to(device)
    truth = None if batch.similarities is None else torch.from_numpy(batch.similarities).to(device)
    with learning.compute.autocast():
        answer: Embedded = learning.network(
            input_planes(config, learning.compute, batch), _known(config, truth)
        )
    assert isinstance(learning.helper, ArcFace)
    loss: Tensor = learning.helper(answer.vector, identities, margin)
    if answer.similarity is not None and truth is not None:
        loss = loss + config.loss.upright * F.smooth_l1_loss(answer.similarity, truth, beta=0.1)
    return loss


def _known(config: EmbedConfig, truth: Tensor | None) -> Tensor | None:
    if truth is None:
        return None
    known = truth + torch.randn_like(truth) * _KNOWN_SPREAD
    known[torch.rand(len(known)) >= config.loss.known_share] = math.nan
    return known


def _summary(learning: Learning[AnyEmbedder]) -> str:
    epoch = learning.history[-1]
    text = f"epoch {epoch.number:3d}  loss {epoch.loss:.4f}  {epoch.seconds:5.1f} s"
    text += "".join(f"  {name} {value:.4f}" for name, value in epoch.metrics.items())
    return text + ("  *" if learning.best is epoch else "")
