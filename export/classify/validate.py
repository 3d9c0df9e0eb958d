"""Looks at the validation pictures with a classifier, and calibrates it on every other of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgevision.ops.classes import class_probabilities
from edgevision.ops.image import to_model_color
from export.classify.config import ClassifyConfig
from export.classify.draw import fitted
from export.classify.folder import ClassSample
from export.classify.metrics import Ids, Logits, figures_of, fit_temperature
from export.networks.classifiers import AnyClassifier
from export.networks.deploy import normalise
from export.train.device import Compute

__all__ = ["TEMPERATURE", "Validation", "input_planes", "validate"]

TEMPERATURE = "temperature"


@dataclass(frozen=True, eq=False)
class Validation:
    """What a network answers."""

    logits: Logits
    """(N, C)."""
    class_ids: Ids
    """(N,), the truth."""
    labels: tuple[str, ...]

    @cached_property
    def temperature(self) -> float:
        """Return what calibrates every other picture best."""
        return fit_temperature(self.logits[::2], self.class_ids[::2])

    @cached_property
    def probabilities(self) -> Logits:
        """Return (N, C), calibrated."""
        return class_probabilities(self.logits, self.temperature)

    @property
    def figures(self) -> dict[str, float]:
        """Return rightness and calibration of all pictures, and the temperature."""
        found = figures_of(self.probabilities, self.class_ids, self.labels)
        return {**found, TEMPERATURE: self.temperature}


def validate(
    config: ClassifyConfig, network: AnyClassifier, compute: Compute, val: Sequence[ClassSample]
) -> Validation:
    """Classify every picture; the network is in evaluation mode."""
    rows = []
    for sample in val:
        image = to_model_color(fitted(sample.image_bgr, config.view), config.view.color)[np.newaxis]
        with torch.inference_mode(), compute.autocast():
            rows.append(network(input_planes(config, compute, image)).logits.cpu().numpy())
    truth = np.array([sample.class_id for sample in val])
    return Validation(np.concatenate(rows), truth, config.labels)


def input_planes(config: ClassifyConfig, compute: Compute, images: npt.NDArray[np.uint8]) -> Tensor:
    """Return (N, C, H, W), normalised."""
    batch = torch.from_numpy(images).to(compute.device)
    return normalise(batch, config.mean, config.std).contiguous(memory_format=torch.channels_last)
