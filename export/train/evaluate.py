"""Measures a torch network on a set, through the device's own pre- and post-processing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from edgevision.types import ClassMap
from export.data.sample import Sample
from export.data.view import Infer, View, predict
from export.networks.deploy import Deployable
from export.networks.unet import AnyUNet
from export.train.device import Compute
from export.train.metrics import SegmentationMetrics, Tally

__all__ = ["Answer", "MeasuredBy", "evaluate", "torch_infer"]


class MeasuredBy(Protocol):
    """What of a configuration says how to measure."""

    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def line_like(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def tolerance_px(self) -> int: ...  # noqa: D102
    @property
    def view(self) -> View: ...  # noqa: D102
    @property
    def mean(self) -> tuple[float, float, float]: ...  # noqa: D102
    @property
    def std(self) -> tuple[float, float, float]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A sample, what was answered, and in how many of its pixels that is wrong."""

    sample: Sample
    class_map: ClassMap
    wrong_px: int


def torch_infer(network: AnyUNet, mean: Sequence[float], std: Sequence[float], compute: Compute) -> Infer:
    """Return what `predict` calls: one batch of uint8 RGB in, (C, H, W) float32 probabilities out."""
    deployable = Deployable(network, mean, std).to(compute.device).eval()

    def infer(batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        with torch.inference_mode(), compute.autocast():
            planes = deployable(torch.from_numpy(np.ascontiguousarray(batch)).to(compute.device))
        return np.asarray(planes[0].float().cpu().numpy(), np.float32)

    return infer


def evaluate(
    infer: Infer, samples: Iterable[Sample], config: MeasuredBy
) -> tuple[SegmentationMetrics, list[Answer]]:
    """Return the figures of a set and the answer to each of its samples."""
    tally = Tally(config.labels, config.line_like, config.tolerance_px)
    answers = []
    for sample in samples:
        answer = predict(infer, sample.image_bgr, config.view)
        tally.add(sample.class_map, answer)
        answers.append(Answer(sample, answer, int((answer != sample.class_map).sum())))
    return tally.figures(), answers
