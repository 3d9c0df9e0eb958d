"""Chooses the golden samples of a bundle from held-out pictures, and records the answers to them.

They are chosen by the fp32 model's verdicts before any int8 model has run, so that a flip can show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.errors import BundleError
from edgevision.ops.masks import class_map, components
from edgevision.ports import Engine
from edgevision.recipe import SegmentStep
from edgevision.types import ClassMap, Judgement
from export.data.sample import Sample
from export.difference import model_answers
from export.materials import evenly
from export.runners import inputs_by_sample

__all__ = ["GoldenAnswer", "GoldenInput", "answer_golden", "choose_golden"]

PER_VERDICT = 4
AT_LEAST = 4


@dataclass(frozen=True, slots=True, eq=False)
class GoldenInput:
    """One input of the model, cut from a held-out picture as the device cuts it."""

    picture: str
    batch: npt.NDArray[np.uint8]
    """(1, H, W, C), in the model's colour order."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldenAnswer:
    """What a model says to a golden input, by the bundle's own threshold and smallest area."""

    class_map: ClassMap
    judgement: Literal["OK", "NG"]
    largest_px: int
    """Area of the largest component of any class."""


def choose_golden(
    manifest: Manifest,
    step: SegmentStep,
    engine: Engine,
    samples: Sequence[Sample],
    judgements: Sequence[Judgement],
) -> tuple[GoldenInput, ...]:
    """Choose pictures evenly among those judged OK and NG, and of each the input that shows it best.

    Args:
        manifest: Of the model.
        step: How the recipe looks at pictures.
        engine: Runs the fp32 model.
        samples: The held-out pictures.
        judgements: Of each picture; only OK and NG are chosen.

    Raises:
        BundleError: too few pictures are judged OK or NG.
    """
    chosen: list[int] = []
    for judgement in (Judgement.OK, Judgement.NG):
        indices = [index for index, found in enumerate(judgements) if found is judgement]
        chosen += [indices[position] for position in evenly(len(indices), PER_VERDICT)]
    if len(chosen) < AT_LEAST:
        raise BundleError(
            f"golden samples: expected at least {AT_LEAST} held-out pictures judged OK or NG, got "
            f"{len(chosen)} of {len(samples)}; give more pictures with --data"
        )
    inputs = inputs_by_sample(manifest, step, [samples[index] for index in chosen])
    return tuple(
        GoldenInput(samples[index].name, _clearest(manifest, engine, batches, judgements[index]))
        for index, batches in zip(chosen, inputs, strict=True)
    )


def answer_golden(
    manifest: Manifest, engine: Engine, golden: Sequence[GoldenInput]
) -> tuple[GoldenAnswer, ...]:
    """Return a model's answer to every golden input."""
    planes = model_answers(manifest, engine, [sample.batch for sample in golden])
    return tuple(_answer(manifest, plane) for plane in planes)


def _clearest(
    manifest: Manifest,
    engine: Engine,
    batches: Sequence[npt.NDArray[np.uint8]],
    judgement: Judgement,
) -> npt.NDArray[np.uint8]:
    """Return the input with the largest defect for NG, with the smallest for OK."""
    sign = -1 if judgement is Judgement.OK else 1
    answers = [_answer(manifest, planes) for planes in model_answers(manifest, engine, batches)]
    return batches[max(range(len(batches)), key=lambda index: sign * answers[index].largest_px)]


def _answer(manifest: Manifest, planes: npt.NDArray[np.float32]) -> GoldenAnswer:
    class_ids = class_map(planes, manifest.require_segment().pixel_threshold)
    found = components(class_ids, np.ones(class_ids.shape, np.float32))
    largest = max((component.area_px for component in found), default=0)
    judgement: Literal["OK", "NG"] = "NG" if largest >= manifest.require_segment().min_area_px else "OK"
    return GoldenAnswer(class_ids, judgement, largest)
