"""Classification: a model's logits for a region become calibrated probabilities of its classes."""

import time

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.errors import InspectionError
from edgevision.ops.classes import class_probabilities
from edgevision.ops.image import Letterbox, letterbox, model_batch, stretch
from edgevision.ports import Engine, Tensor
from edgevision.recipe import ClassifyStep
from edgevision.tasks.region import Box, region_box
from edgevision.types import ClassScore, Findings, Frame, ImageBgr, ModelRef

__all__ = ["ClassifyTask"]

Planes = npt.NDArray[np.float32]


class ClassifyTask:
    """One classify step of a recipe. Keeps no state between frames; safe in many threads."""

    def __init__(self, step: ClassifyStep, spec: Manifest, engine: Engine, model: ModelRef) -> None:
        """Take the step, the manifest of its classify bundle, and the engine that runs it.

        `model` names what runs in every result.
        """
        self._step, self._spec, self._engine, self._model = step, spec, engine, model
        self._classify = spec.require_classify()
        self._scaling = step.scaling or self._classify.scaling

    @property
    def name(self) -> str:
        """Name of the step."""
        return self._step.name

    @property
    def model(self) -> ModelRef:
        """Which bundle runs, and on what at this moment."""
        return self._engine.info.named_in(self._model)

    def run(self, frame: Frame) -> Findings:
        """Return the most probable classes; of a polygon its box is looked at.

        Raises:
            InspectionError: the region does not lie in this frame, or the answer is no numbers.
            EngineError: the engine failed.
        """
        picture, _ = self._fitted(frame, region_box(self._step, frame))
        batch = model_batch([picture], self._spec.input.color)
        started_ns = time.monotonic_ns()
        answer = self._engine.infer(batch)
        infer_ns = time.monotonic_ns() - started_ns
        scores = self._probabilities(answer)
        order = np.argsort(-scores, kind="stable")[: self._step.top_k].tolist()
        classes = tuple(ClassScore(self._spec.labels[index], float(scores[index])) for index in order)
        return Findings(self.name, (), score_max=self._unexpected(scores), infer_ns=infer_ns, classes=classes)

    def heat(self, frame: Frame) -> tuple[Box, Planes]:
        """Return the region and, as large, (h, w) from 0 to 1: what speaks for the most probable class.

        Class activation mapping: B. Zhou et al., "Learning deep features for discriminative
        localization", CVPR 2016.

        Raises:
            InspectionError: as of `run`, or the bundle gives no class activation maps.
            EngineError: the engine failed.
        """
        if len(self._spec.outputs) < 2:
            raise InspectionError(
                f"task {self.name}: bundle {self._spec.name} has no class activation maps; build it with them"
            )
        box = region_box(self._step, frame)
        picture, geometry = self._fitted(frame, box)
        answer = self._engine.infer(model_batch([picture], self._spec.input.color))
        plane = answer[1][0, int(self._probabilities(answer).argmax())]
        inner = geometry.crop(plane[np.newaxis])[0]
        heat = np.maximum(inner, 0) / max(float(plane.max()), np.finfo(np.float32).tiny)
        size_wh = box[2] - box[0], box[3] - box[1]
        return box, np.asarray(cv2.resize(np.minimum(heat, 1), size_wh), np.float32)

    def _fitted(self, frame: Frame, box: Box) -> tuple[ImageBgr, Letterbox]:
        left, top, right, bottom = box
        region, size_wh = frame.image_bgr[top:bottom, left:right], self._spec.input.size_wh
        if self._scaling == "letterbox":
            return letterbox(region, size_wh, bars="grey")
        return stretch(region, size_wh), Letterbox((right - left, bottom - top), size_wh, (0, 0, *size_wh))

    def _probabilities(self, answer: tuple[Tensor, ...]) -> Planes:
        scores = class_probabilities(answer[0][0], self._classify.temperature)
        if not np.isfinite(scores).all():
            raise InspectionError(
                f"task {self.name}: expected numbers from the model, got NaN or infinity; "
                "try another precision or engine, or build the bundle again"
            )
        return scores

    def _unexpected(self, scores: Planes) -> float:
        """Return the probability that it is none of the expected classes; 0 where none is expected."""
        if self._step.expected is None:
            return 0.0
        others = [label not in self._step.expected for label in self._spec.labels]
        return min(float(scores[others].sum()), 1.0)
