"""Detection: a model's boxes in a region become defects in pixels of the source frame.

A defect's outline and area are those of its box; length and width it has none. Running the model is
`tasks.finder`.
"""

import numpy as np

from edgevision.bundle.manifest import Manifest
from edgevision.ops.detections import Detections
from edgevision.ports import Engine, References
from edgevision.recipe import DetectStep
from edgevision.tasks.finder import Finder
from edgevision.tasks.region import Box, is_inside, region_box, whole_pixels
from edgevision.types import Defect, Findings, Frame, ModelRef

__all__ = ["DetectTask"]


class DetectTask:
    """One detect step of a recipe. Keeps no state between frames; safe in many threads."""

    def __init__(
        self,
        step: DetectStep,
        spec: Manifest,
        engine: Engine,
        model: ModelRef,
        px_per_mm: float | None = None,
        *,
        references: References | None = None,
        report_from: float | None = None,
    ) -> None:
        """Take the step, the manifest of its bundle, and the engine that runs the bundle.

        Args:
            step: Of the recipe.
            spec: Of a detect bundle.
            engine: Runs the bundle.
            model: Names what runs in every result.
            px_per_mm: Calibrates the camera.
            references: The good parts, for a bundle that takes pairs.
            report_from: Findings from this score up to the threshold are reported, but not judged.
        """
        self._step, self._spec, self._engine, self._model = step, spec, engine, model
        self._px_per_mm, self._references = px_per_mm, references
        detect = spec.require_detect()
        self._finder = Finder(
            step.name,
            spec,
            engine,
            scaling=step.scaling,
            scale=step.scale,
            overlap_px=step.tile_overlap_px,
        )
        threshold = step.score_threshold
        self._threshold = detect.score_threshold if threshold is None else threshold
        self._report_from = self._threshold if report_from is None else min(report_from, self._threshold)

    @property
    def name(self) -> str:
        """Name of the step."""
        return self._step.name

    @property
    def model(self) -> ModelRef:
        """Which bundle runs, and on what at this moment."""
        return self._engine.info.named_in(self._model)

    def run(self, frame: Frame) -> Findings:
        """Return the defects in the region: of a polygon, those whose centre lies inside.

        With a polygon `score_max` is that of what is reported, as nothing else has a place.

        Raises:
            InspectionError: the region does not lie in this frame, the reference does not fit it,
                or the answer is no numbers.
            EngineError: the engine failed.
        """
        box = region_box(self._step, frame)
        left, top, right, bottom = box
        pictures = [frame.image_bgr[top:bottom, left:right]]
        if self._references is not None:
            pictures.append(self._references.registered(frame, box))
        answers, infer_ns = self._finder.answers(pictures)
        region_wh = right - left, bottom - top
        found, score_max = self._finder.found(answers, region_wh, self._threshold)
        below = Detections.empty()
        if self._report_from < self._threshold:
            every, _ = self._finder.found(answers, region_wh, self._report_from)
            below = every[every.scores < np.float32(self._threshold)]
        defects, unjudged = self._defects(found, box), self._defects(below, box)
        if self._step.region is not None and self._step.region.polygon_xy is not None:
            score_max = max((defect.score for defect in (*defects, *unjudged)), default=0.0)
        return Findings(
            self.name,
            defects,
            self._spec.labels,
            score_max=score_max,
            infer_ns=infer_ns,
            unjudged=unjudged,
        )

    def _defects(self, found: Detections, region: Box) -> tuple[Defect, ...]:
        boxes = whole_pixels(found.boxes_xyxy, region)
        rows = zip(boxes, found.scores.tolist(), found.class_ids.tolist(), strict=True)
        return tuple(self._defect(*row) for row in rows if is_inside(self._step, row[0]))

    def _defect(self, box: Box, score: float, class_id: int) -> Defect:
        x1, y1, x2, y2 = box
        outline = [(x1, y1), (x2 - 1, y1), (x2 - 1, y2 - 1), (x1, y2 - 1)]
        return Defect(
            label=self._spec.labels[class_id],
            class_id=class_id,
            score=min(score, 1.0),
            box_xyxy=box,
            area_px=float((x2 - x1) * (y2 - y1)),
            outline_xy=np.array(outline, np.int32),
            px_per_mm=self._px_per_mm,
        )
