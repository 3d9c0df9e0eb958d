"""One epoch of a detector's training: draws, matches priors, steps; and how good the network is by now."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from edgevision.ops.boxes import prior_boxes
from edgevision.ops.detections import Detections
from export.detect.boards.sample import drawn_board, flawed_board
from export.detect.canvas import Canvas
from export.detect.config import DetectConfig
from export.detect.draw import Batch, Draw, Drawn, batches
from export.detect.loss import detection_loss
from export.detect.metrics import DetectionMetrics, Truth, measure
from export.detect.paperdraw import PaperDraw
from export.detect.predict import as_input, predict
from export.detect.sample import BoxSet
from export.detect.state import DetectState
from export.detect.targets import Matching, assign
from export.networks.detectors import Detector, prior_maps

__all__ = ["Draws", "draws_of", "found_in", "measured", "train_epoch"]

Draws = Callable[[int], Iterable[Drawn]]
"""Maps an epoch to its endless stream of training pictures."""
Priors = npt.NDArray[np.float32]


def draws_of(state: DetectState, train: BoxSet, canvases: Sequence[Canvas]) -> Draws:
    """Return crops of the canvases and of drawn boards, or whole pictures as the SSD paper changes them."""
    config = state.config
    if config.crops is None:
        return lambda epoch: PaperDraw(train, config.view, config.augmentation, (config.seed, epoch))
    crops = config.crops

    def of_epoch(epoch: int) -> Draw:
        added = [*_drawn_boards(config, epoch, len(canvases)), *_flawed_boards(config, epoch, train)]
        return Draw([*canvases, *added], crops, config.augmentation, (config.seed, epoch))

    return of_epoch


def _drawn_boards(config: DetectConfig, epoch: int, beside: int) -> list[Canvas]:
    """Return the boards drawn for an epoch, as many as make their share beside the given pictures."""
    numbers = _numbers(config, epoch, config.data.drawn_share, beside)
    return [config.view.canvas(drawn_board(config.seed, number)) for number in numbers]


def _flawed_boards(config: DetectConfig, epoch: int, train: BoxSet) -> list[Canvas]:
    """Return good boards of the training pictures, each with flaws of its own, in the epoch's turn."""
    numbers = _numbers(config, epoch, config.data.flawed_share, len(train))
    canvases = []
    for number in numbers:
        good_bgr = train[number % len(train)].reference_bgr
        assert good_bgr is not None
        canvases.append(config.view.canvas(flawed_board(config.seed, number, good_bgr)))
    return canvases


def _numbers(config: DetectConfig, epoch: int, share: float, beside: int) -> range:
    """Return the numbers of an epoch's pictures that make a share beside the given pictures."""
    count = round(beside * share / (1 - config.data.added_share))
    return range(epoch * count, (epoch + 1) * count)


def train_epoch(state: DetectState, drawn: Iterable[Drawn], advance: Callable[[], None]) -> float:
    """Take all steps of an epoch and return the mean loss; `advance` is called after each.

    Raises EdgeVisionError when the loss is no number any more.
    """
    optimisation = state.config.optimisation
    priors = _priors(state, state.config.train_wh)
    losses = []
    for batch in batches(drawn, optimisation.batch_size, optimisation.batches_per_epoch):
        losses.append(_step(state, batch, priors))
        advance()
    return float(np.mean(losses))


def found_in(state: DetectState, network: Detector, canvases: Sequence[Canvas]) -> list[Detections]:
    """Return what a network finds, in pixels of the model's input."""
    config = state.config
    priors = _priors(state, config.view.size_wh)
    network.eval()
    return [predict(network, canvas, priors, (config.mean, config.std), state.compute) for canvas in canvases]


def measured(
    found: Sequence[Detections], canvases: Sequence[Canvas], labels: Sequence[str]
) -> DetectionMetrics:
    """Return the figures of what was found."""
    truths = [Truth(canvas.boxes_xyxy, canvas.class_ids, canvas.difficult) for canvas in canvases]
    return measure(found, truths, labels)


def _priors(state: DetectState, size_wh: tuple[int, int]) -> Priors:
    return prior_boxes(prior_maps(state.spec, state.prior_sizes, size_wh), size_wh)


def _step(state: DetectState, batch: Batch, priors: Priors) -> float:
    state.network.train()
    device, config = state.compute.device, state.config
    matching = Matching(config.priors.positive_iou, config.priors.background_iou)
    targets = [
        assign(priors, boxes, ids, matching)
        for boxes, ids in zip(batch.boxes_xyxy, batch.class_ids, strict=True)
    ]
    with state.compute.autocast():
        raw = state.network(as_input(batch.images, config.mean, config.std).to(device))
    offsets = torch.from_numpy(np.stack([target.offsets for target in targets])).to(device)
    classes = torch.from_numpy(np.stack([target.class_ids for target in targets])).to(device)
    return state.step(detection_loss(raw, offsets, classes, config.loss))
