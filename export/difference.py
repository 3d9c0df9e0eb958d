"""How far the probabilities of two runs of a model lie apart, over all pixels of some inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.ops.masks import probabilities
from edgevision.ports import Engine

__all__ = ["Difference", "difference", "model_answers"]

Batch = npt.NDArray[np.uint8]
Planes = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Difference:
    """Absolute differences of probabilities."""

    max: float
    mean: float
    p99: float
    """99 of 100 values differ by less."""


def model_answers(manifest: Manifest, engine: Engine, inputs: Sequence[Batch]) -> list[Planes]:
    """Return the (C, H, W) float32 probabilities of every input."""
    spec = manifest.outputs[0]
    return [probabilities(engine.infer(batch)[0], spec.layout, spec.activation) for batch in inputs]


def difference(answers: Sequence[Planes], reference: Sequence[Planes]) -> Difference:
    """Compare two runs on the same inputs, at least one."""
    apart = np.concatenate([np.abs(a - b).ravel() for a, b in zip(answers, reference, strict=True)])
    return Difference(float(apart.max()), float(apart.mean()), float(np.quantile(apart, 0.99)))
