"""Segment models as the subject of gate, quantising and packing: class maps, IoU, golden PNG files."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import cv2
import numpy as np

from edgevision.bundle.manifest import Manifest
from edgevision.errors import BundleError
from edgevision.ops.masks import class_map, components, probabilities
from edgevision.ports import Engine
from edgevision.recipe import Recipe, Rule, SegmentStep
from edgevision.rules import judge
from edgevision.types import ClassMap, ImageBgr, Judgement
from export.data.sample import Sample
from export.description import Description
from export.materials import Materials, evenly
from export.runners import (
    as_frame,
    draft_manifest,
    inputs_by_sample,
    model_inputs,
    segment_step,
    segment_step_of,
    segment_task,
)
from export.subject import Batch, GoldenAnswer, GoldenInput, PictureResult, Run, Values
from export.train.metrics import Tally
from export.train.report.overlay import overlay

__all__ = ["MAX_IOU_LOSS", "SegmentRun", "SegmentSubject", "any_defect_recipe"]

MAX_IOU_LOSS: Final = 0.01
TOLERANCE_PX = 4
MIN_TOLERANCE = 0.005
MAX_TOLERANCE = 0.02
_COMPARED_PICTURES = 24


def any_defect_recipe(step: SegmentStep) -> Recipe:
    """Return the rule that holds without a recipe: any defect is NG."""
    return Recipe(
        name="any-defect", version="1.0", tasks=(step,), rules=(Rule(name="any-defect", max_count=0),)
    )


@dataclass(frozen=True, eq=False)
class SegmentRun:
    """What one model makes of all held-out pictures."""

    pictures: tuple[PictureResult, ...]
    class_maps: tuple[ClassMap, ...]
    subject: "SegmentSubject"

    @cached_property
    def figures(self) -> dict[str, float]:
        """IoU by class, and their means; empty without truth."""
        subject = self.subject
        if not subject.has_truth:
            return {}
        tally = Tally(subject.manifest.labels, subject.manifest.require_segment().line_like, TOLERANCE_PX)
        for sample, answer in zip(subject.samples, self.class_maps, strict=True):
            tally.add(sample.class_map, answer)
        return tally.figures().as_flat()

    def agreement(self, reference: Run) -> float:
        """Return the IoU of all defects of both."""
        assert isinstance(reference, SegmentRun)
        pairs = list(zip(self.class_maps, reference.class_maps, strict=True))
        common = sum(int(np.count_nonzero((a == b) & (b > 0))) for a, b in pairs)
        union = sum(int(np.count_nonzero((a > 0) | (b > 0))) for a, b in pairs)
        return common / union if union else 1.0

    def drawn(self, index: int) -> ImageBgr:
        """Return a picture with the outlines of its defects."""
        return overlay(self.subject.samples[index].image_bgr, self.class_maps[index])


class SegmentSubject:
    """A segment model with its pictures."""

    max_loss: Mapping[str, float] = {"mean_iou": MAX_IOU_LOSS, "defect_iou": MAX_IOU_LOSS}

    def __init__(
        self,
        description: Description,
        materials: Materials[Sample],
        recipe: Recipe | None = None,
        names: tuple[str, str] | None = None,
    ) -> None:
        """Take the model's description; `names` are those of its input and output where they are others."""
        self.manifest: Manifest = draft_manifest(description, *(names or ()))
        self.recipe = recipe or any_defect_recipe(segment_step(description.view))
        self._step = segment_step_of(self.recipe)
        self._materials = materials
        self.calibration_name, self.held_out_name = materials.calibration_name, materials.held_out_name
        self.has_truth = materials.has_truth

    @property
    def samples(self) -> Sequence[Sample]:
        """The pictures to judge by."""
        return self._materials.held_out

    @property
    def pictures(self) -> int:
        """How many there are."""
        return len(self.samples)

    @property
    def golden_subject(self) -> "SegmentSubject":
        """Itself."""
        return self

    def calibration_inputs(self, limit: int) -> list[Batch]:
        """Return inputs of the pictures to calibrate with."""
        return model_inputs(self.manifest, self._step, self._materials.calibration, limit)

    def inputs(self, limit: int) -> list[Batch]:
        """Return inputs of pictures to judge by."""
        some = [self.samples[index] for index in evenly(self.pictures, _COMPARED_PICTURES)]
        return model_inputs(self.manifest, self._step, some, limit)

    def values(self, engine: Engine, batch: Batch) -> Values:
        """Return the (C, H, W) probabilities."""
        spec = self.manifest.outputs[0]
        return probabilities(engine.infer(batch)[0], spec.layout, spec.activation)

    def run(self, engine: Engine) -> SegmentRun:
        """Run all pictures to judge by."""
        task = segment_task(self.manifest, self._step, engine)
        results, maps = [], []
        for index, sample in enumerate(self.samples):
            findings = task.run(as_frame(sample, index))
            assert findings.class_map is not None
            largest_px = max((defect.area_px for defect in findings.defects), default=0.0)
            is_tiny = 0 < largest_px < 2 * self.manifest.require_segment().min_area_px
            verdict = judge([findings], self.recipe)
            results.append(PictureResult(sample.name, verdict.judgement, is_clear=not is_tiny))
            maps.append(findings.class_map)
        return SegmentRun(tuple(results), tuple(maps), self)

    def golden_input(self, engine: Engine, index: int, judgement: Judgement) -> GoldenInput:
        """Return the input with the largest defect for NG, with the smallest for OK."""
        sample = self.samples[index]
        (batches,) = inputs_by_sample(self.manifest, self._step, [sample])
        sign = -1 if judgement is Judgement.OK else 1
        largest_px = [self._largest_px(self._class_ids(engine, batch)) for batch in batches]
        return GoldenInput(sample.name, batches[max(range(len(batches)), key=lambda i: sign * largest_px[i])])

    def golden_answer(self, engine: Engine, batch: Batch) -> GoldenAnswer:
        """Return the class map as PNG."""
        class_ids = self._class_ids(engine, batch)
        least_px = self.manifest.require_segment().min_area_px
        judgement: Literal["OK", "NG"] = "NG" if self._largest_px(class_ids) >= least_px else "OK"
        return GoldenAnswer(judgement, ".png", bytes(cv2.imencode(".png", class_ids)[1]))

    def golden_apart(self, expected: GoldenAnswer, got: GoldenAnswer) -> float:
        """Return the share of pixels whose class differs."""
        ours, theirs = (
            cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_UNCHANGED)
            for answer in (expected, got)
        )
        return float(np.mean(ours != theirs))

    def golden_terms(self, apart: float) -> dict[str, Any]:
        """Allow twice what engines here differ."""
        if 2 * apart > MAX_TOLERANCE:
            raise BundleError(
                f"golden samples: expected engines to agree on all but {MAX_TOLERANCE / 2:.1%} of the "
                f"pixels, got {apart:.2%} differing; the model is too uncertain to be checked on "
                "other machines"
            )
        return {"golden_max_differing": max(MIN_TOLERANCE, math.ceil(2000 * apart) / 1000)}

    def image(self, index: int) -> ImageBgr:
        """Return a picture to judge by."""
        return self.samples[index].image_bgr

    def truth_drawn(self, index: int) -> ImageBgr | None:
        """Return a picture with the outlines of its true defects."""
        sample = self.samples[index]
        return overlay(sample.image_bgr, sample.class_map) if self.has_truth else None

    def _class_ids(self, engine: Engine, batch: Batch) -> ClassMap:
        return class_map(self.values(engine, batch), self.manifest.require_segment().pixel_threshold)

    @staticmethod
    def _largest_px(class_ids: ClassMap) -> int:
        found = components(class_ids, np.ones(class_ids.shape, np.float32))
        return max((component.area_px for component in found), default=0)
