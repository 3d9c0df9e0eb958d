"""Detect models as the subject of gate, quantising and packing: boxes, average precision, golden findings."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from edgevision.bundle.detector import Detector
from edgevision.bundle.goldenfindings import read_findings, write_findings
from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.errors import BundleError, InspectionError
from edgevision.ops.boxes import iou_matrix
from edgevision.ops.detections import Detections
from edgevision.ports import Engine, Tensor
from edgevision.recipe import Recipe
from edgevision.rules import judge
from edgevision.types import ImageBgr, Judgement
from export.detect.answers import comparable, empty_answer
from export.detect.drawing import drawn_boxes
from export.detect.metrics import measure
from export.detect.run import LOWEST_SCORE, DetectRun, Looked, truth_of
from export.detect.running import any_finding_recipe, as_frame, detect_step_of, detect_task
from export.detect.sample import BoxSample
from export.materials import Materials, evenly
from export.subject import Batch, GoldenAnswer, GoldenInput, PictureResult, Values

__all__ = ["MAX_MAP_LOSS", "DetectSubject"]

MAX_MAP_LOSS: Final = 0.005
_CLEAR_MARGIN = 0.1
"""How far the deciding score of a golden picture lies from the threshold at least."""
_LEAST_APART, _MOST_APART = 0.05, 0.125
_BRIDGED_MORE = 0.02
"""How much further than to the threshold golden samples tolerate what may be missing."""
_IOU_PER_SCORE = 4.0
"""How much IoU golden samples tolerate for each score: 0.8 for 0.05."""


class DetectSubject:
    """A detect model with its pictures."""

    max_loss: Mapping[str, float] = {"map50": MAX_MAP_LOSS}

    def __init__(
        self,
        manifest: Manifest,
        materials: Materials[BoxSample],
        recipe: Recipe | None = None,
        golden: Sequence[BoxSample] = (),
    ) -> None:
        """Take a manifest, which may be a draft, and the pictures.

        Golden samples are chosen from `golden`, where any are given, instead of from the held-out ones.
        """
        self.manifest = manifest
        self.recipe = recipe or any_finding_recipe()
        self._step = detect_step_of(self.recipe)
        self._detector = Detector(manifest)
        self._materials, self._golden = materials, golden
        self.calibration_name, self.held_out_name = materials.calibration_name, materials.held_out_name
        self.has_truth = materials.has_truth

    @property
    def samples(self) -> Sequence[BoxSample]:
        """The pictures to judge by."""
        return self._materials.held_out

    @property
    def pictures(self) -> int:
        """How many there are."""
        return len(self.samples)

    @cached_property
    def golden_subject(self) -> "DetectSubject":
        """Itself, or the same model with the pictures that golden samples are chosen from instead."""
        if not self._golden:
            return self
        return DetectSubject(self.manifest, Materials((), "", self._golden, "golden pictures"))

    def best_threshold(self, engine: Engine) -> float:
        """Return from which score boxes should count for the highest mean F-score on these pictures."""
        truths = [truth_of(sample) for sample in self.samples]
        return measure(self.run(engine).every, truths, self.manifest.labels).best_score()

    def with_threshold(self, score: float) -> "DetectSubject":
        """Return the same with boxes counting from another score."""
        spec = self.manifest.require_detect().model_copy(update={"score_threshold": score})
        manifest = self.manifest.model_copy(update={"detect": spec})
        return DetectSubject(manifest, self._materials, self.recipe, self._golden)

    def calibration_inputs(self, limit: int) -> list[Batch]:
        """Return inputs of the pictures to calibrate with."""
        return self._spread(self._materials.calibration, limit)

    def inputs(self, limit: int) -> list[Batch]:
        """Return inputs of pictures to judge by."""
        return self._spread(self.samples, limit)

    def values(self, engine: Engine, batch: Batch) -> Values:
        """Return scores, and boxes as far as their scores matter."""
        return comparable(engine.infer(batch), self.manifest)

    def run(self, engine: Engine) -> DetectRun:
        """Run all pictures to judge by."""
        task = detect_task(self.manifest, self._step, engine, self.samples, report_from=LOWEST_SCORE)
        threshold = self.threshold
        results, looked = [], []
        for index, sample in enumerate(self.samples):
            try:
                findings = task.run(as_frame(sample, index))
            except InspectionError:  # such as a reference that does not fit: the device answers ND
                results.append(PictureResult(sample.name, Judgement.ND, is_clear=False))
                looked.append(Looked(Detections.empty(), Detections.empty()))
                continue
            verdict = judge([findings], self.recipe)
            best = max((defect.score for defect in findings.defects), default=findings.score_max)
            is_clear = abs(best - threshold) >= _CLEAR_MARGIN
            results.append(PictureResult(sample.name, verdict.judgement, is_clear))
            looked.append(Looked.at(findings))
        return DetectRun(
            tuple(results), tuple(looked), self.samples, self.manifest.labels, threshold, self.has_truth
        )

    def golden_input(self, engine: Engine, index: int, judgement: Judgement) -> GoldenInput:
        """Return the input with the highest score for NG, with the lowest for OK."""
        batches = self._batches(self.samples[index : index + 1])
        sign = -1 if judgement is Judgement.OK else 1
        best = [sign * self._detector.find(engine.infer(batch), 1.0).score_max for batch in batches]
        return GoldenInput(self.samples[index].name, batches[int(np.argmax(best))])

    def golden_answer(self, engine: Engine, batch: Batch) -> GoldenAnswer:
        """Return the findings as JSON."""
        found = self._detector.find(engine.infer(batch), self.manifest.require_detect().score_threshold).found
        judgement: Literal["OK", "NG"] = "NG" if len(found) else "OK"
        return GoldenAnswer(judgement, ".json", write_findings(found, self.manifest.labels))

    def golden_apart(self, expected: GoldenAnswer, got: GoldenAnswer) -> float:
        """Return by how much scores differ at most, or a quarter of by how much IoU lacks."""
        ours, theirs = (
            read_findings(answer.data, self.manifest.labels, "golden") for answer in (expected, got)
        )
        return max(self._apart(ours, theirs), self._apart(theirs, ours))

    def golden_terms(self, apart: float) -> dict[str, Any]:
        """Allow twice what engines here differ."""
        allowed = max(_LEAST_APART, math.ceil(200 * apart) / 100)
        if allowed > _MOST_APART:
            raise BundleError(
                f"golden samples: expected engines to agree within {_MOST_APART / 2:g} of a score, got "
                f"{apart:.3f}; the model is too uncertain to be checked on other machines"
            )
        terms = {
            "golden_max_score_difference": allowed,
            "golden_min_iou": round(1 - _IOU_PER_SCORE * allowed, 3),
        }
        return {"detect": self.manifest.require_detect().model_copy(update=terms)}

    def image(self, index: int) -> ImageBgr:
        """Return a picture to judge by."""
        return self.samples[index].image_bgr

    def truth_drawn(self, index: int) -> ImageBgr | None:
        """Return a picture with its true boxes."""
        if not self.has_truth:
            return None
        sample = self.samples[index]
        truth = Detections(sample.boxes_xyxy, np.ones(len(sample.class_ids), np.float32), sample.class_ids)
        return drawn_boxes(sample.image_bgr, truth, self.manifest.labels)

    @property
    def threshold(self) -> float:
        """From which score findings count: the recipe's, else the bundle's."""
        given = self._step.score_threshold
        return self.manifest.require_detect().score_threshold if given is None else given

    def _spread(self, samples: Sequence[BoxSample], limit: int) -> list[Batch]:
        some = [samples[index] for index in evenly(len(samples), limit)]
        batches = self._batches(some)
        return [batches[index] for index in evenly(len(batches), limit)]

    def _batches(self, samples: Sequence[BoxSample]) -> list[Batch]:
        """Return what the device's detect task feeds to the model; nothing of undecidable pictures."""
        seen: list[Batch] = []

        def answer(batch: Batch) -> tuple[Tensor, ...]:
            seen.append(batch.copy())
            return empty_answer(self.manifest)

        task = detect_task(self.manifest, self._step, FakeEngine(answer), samples)
        for index, sample in enumerate(samples):
            with suppress(InspectionError):
                task.run(as_frame(sample, index))
        return seen

    def _apart(self, expected: Detections, got: Detections) -> float:
        """Look for the nearest of the others for each, unless it is nearer to the threshold.

        What exceeds the threshold by less than is tolerated may be missing.
        """
        threshold = self.manifest.require_detect().score_threshold
        worst = 0.0
        for box, score, class_id in zip(
            expected.boxes_xyxy, expected.scores, expected.class_ids, strict=True
        ):
            same = got[got.class_ids == class_id]
            lacking = (1 - iou_matrix(box[np.newaxis], same.boxes_xyxy)[0]) / _IOU_PER_SCORE
            apart = np.maximum(np.abs(same.scores - score), lacking).min(initial=1.0)
            worst = max(worst, min(float(apart), (float(score) - threshold + _BRIDGED_MORE) / 2))
        return worst
