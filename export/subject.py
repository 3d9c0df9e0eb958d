"""What the steps from a model to its bundle ask of a task: how to run it, what to compare, how to prove it.

A subject is a model's manifest with the pictures it is calibrated with and judged by. `export.segmenting`,
`export.detect.subject`, `export.embed.subject` and `export.classify.subject` are those there are; gate,
quantising and packing know none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.ports import Engine
from edgevision.recipe import Recipe
from edgevision.types import ImageBgr, Judgement

__all__ = ["Batch", "GoldenAnswer", "GoldenInput", "PictureResult", "Run", "Subject", "Values"]

Batch = npt.NDArray[np.uint8]
"""(1, H, W, C): one input of a model."""
Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What one model makes of one held-out picture."""

    name: str
    judgement: Judgement
    is_clear: bool
    """False where rounding alone could turn the judgement: such a picture proves nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldenInput:
    """One input of the model, cut from a held-out picture as the device cuts it."""

    picture: str
    batch: Batch
    """In the model's colour order."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldenAnswer:
    """What a model says to a golden input, by the bundle's own thresholds."""

    judgement: Literal["OK", "NG"] | None
    """None for embedders and classifiers, which find nothing."""
    suffix: str
    """Of the file in the bundle."""
    data: bytes
    """Its content."""


class Run(Protocol):
    """What one model makes of all held-out pictures."""

    @property
    def pictures(self) -> tuple[PictureResult, ...]:
        """One result per picture."""

    @property
    def figures(self) -> dict[str, float]:
        """Against the truth; empty where that is unknown."""

    def agreement(self, reference: "Run") -> float:
        """Return how much of what the two find they find alike, 0 to 1."""

    def drawn(self, index: int) -> ImageBgr:
        """Return a picture with what was found in it."""


class Subject(Protocol):
    """A model in question, with its pictures."""

    @property
    def manifest(self) -> Manifest:
        """A draft: no golden samples, hashes or accuracy yet."""

    @property
    def recipe(self) -> Recipe:
        """Judges the pictures."""

    @property
    def max_loss(self) -> Mapping[str, float]:
        """How much of which figure int8 may lose."""

    @property
    def calibration_name(self) -> str:
        """Where the pictures to calibrate with come from."""

    @property
    def held_out_name(self) -> str:
        """Where the pictures to judge by come from."""

    @property
    def pictures(self) -> int:
        """How many there are to judge by."""

    @property
    def has_truth(self) -> bool:
        """Whether it is known what the pictures show."""

    @property
    def golden_subject(self) -> "Subject":
        """The same model with the pictures that golden samples are chosen from; mostly itself."""

    def calibration_inputs(self, limit: int) -> list[Batch]:
        """Return at most so many inputs that the device would feed, of pictures to calibrate with."""

    def inputs(self, limit: int) -> list[Batch]:
        """Return at most so many inputs that the device would feed, of pictures to judge by."""

    def values(self, engine: Engine, batch: Batch) -> Values:
        """Return a model's answer as the numbers that are compared between models."""

    def run(self, engine: Engine) -> Run:
        """Run all pictures to judge by through the device's task and rules."""

    def golden_input(self, engine: Engine, index: int, judgement: Judgement) -> GoldenInput:
        """Return the input of a picture that shows best why it is judged so."""

    def golden_answer(self, engine: Engine, batch: Batch) -> GoldenAnswer:
        """Return the answer to a golden input."""

    def golden_apart(self, expected: GoldenAnswer, got: GoldenAnswer) -> float:
        """Return how far two answers to a golden input lie apart."""

    def golden_terms(self, apart: float) -> dict[str, Any]:
        """Return fields of the manifest by which golden samples tolerate what engines here differ.

        Raises BundleError when they differ too much to prove anything.
        """

    def truth_drawn(self, index: int) -> ImageBgr | None:
        """Return a picture with its truth drawn in, where that is known."""

    def image(self, index: int) -> ImageBgr:
        """Return a picture to judge by."""
