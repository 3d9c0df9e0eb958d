"""Detection: a model's boxes in a region become defects in pixels of the source frame.

A defect's outline and area are those of its box; length and width it has none. What a model's
answer means is `bundle.detector`, how regions are fitted into its input `tasks.views`.
"""

import time
from collections.abc import Sequence

import numpy as np

from edgevision.bundle.detector import Detector
from edgevision.bundle.manifest import Manifest
from edgevision.errors import InspectionError
from edgevision.ops.detections import Detections
from edgevision.ops.image import model_batch
from edgevision.ops.joining import join_tiles
from edgevision.ops.polygons import polygon_mask
from edgevision.ports import Engine, References, Tensor
from edgevision.recipe import DetectStep
from edgevision.tasks.region import Box, region_box
from edgevision.tasks.views import View, views
from edgevision.types import Defect, Findings, Frame, ImageBgr, ModelRef

__all__ = ["DetectTask"]

Answers = list[tuple[View, tuple[Tensor, ...]]]


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
        self._detect = detect = spec.require_detect()
        self._detector = Detector(spec)
        threshold = step.score_threshold
        self._threshold = detect.score_threshold if threshold is None else threshold
        self._report_from = self._threshold if report_from is None else min(report_from, self._threshold)
        self._scaling = step.scaling or detect.scaling
        self._scale = detect.scale if step.scale is None else step.scale

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
        answers, infer_ns = self._answers(pictures)
        region_wh = right - left, bottom - top
        found, score_max = self._found(answers, region_wh, self._threshold)
        below = Detections.empty()
        if self._report_from < self._threshold:
            every, _ = self._found(answers, region_wh, self._report_from)
            below = every[every.scores < np.float32(self._threshold)]
        defects, unjudged = self._defects(found, box), self._defects(below, box)
        if self._polygon is not None:
            score_max = max((defect.score for defect in (*defects, *unjudged)), default=0.0)
        return Findings(
            self.name,
            defects,
            self._spec.labels,
            score_max=score_max,
            infer_ns=infer_ns,
            unjudged=unjudged,
        )

    def _answers(self, pictures: Sequence[ImageBgr]) -> tuple[Answers, int]:
        """Return every view of the region with the model's answer, and the time that it took."""
        answers, infer_ns = [], 0
        overlap_px, input_wh = self._step.tile_overlap_px, self._spec.input.size_wh
        for view in views(pictures, input_wh, self._scaling, self._scale, overlap_px):
            batch = model_batch(view.pictures, self._spec.input.color)
            started_ns = time.monotonic_ns()
            answer = self._engine.infer(batch)
            infer_ns += time.monotonic_ns() - started_ns
            answers.append((view, answer))
        return answers, infer_ns

    def _found(
        self, answers: Answers, region_wh: tuple[int, int], min_score: float
    ) -> tuple[Detections, float]:
        """Return the findings in pixels of the region, and the highest score of all, below the limit too.

        Asked twice for a lower limit, because low scores may change how pieces in tiles are joined.
        """
        parts, score_max = [], 0.0
        for view, answer in answers:
            seen = self._detector.find(answer, min_score)
            if not (np.isfinite(seen.score_max) and np.isfinite(seen.found.boxes_xyxy).all()):
                raise InspectionError(
                    f"task {self.name}: expected numbers from the model, got NaN or infinity; "
                    "try another precision or engine, or build the bundle again"
                )
            score_max = max(score_max, seen.score_max)
            parts.append(view.to_region(seen.found))
        if len(parts) == 1:
            return parts[0], min(score_max, 1.0)
        windows = [view.window_xyxy for view, _ in answers]
        return join_tiles(parts, windows, region_wh, self._detect.iou_threshold), min(score_max, 1.0)

    def _defects(self, found: Detections, region: Box) -> tuple[Defect, ...]:
        left, top, right, bottom = region
        low = np.floor(found.boxes_xyxy[:, :2] + 0.5).astype(np.int64)
        high = np.maximum(np.floor(found.boxes_xyxy[:, 2:] + 0.5).astype(np.int64), low + 1)
        corners = np.concatenate((low, high), axis=1) + np.array((left, top, left, top))
        corners = np.minimum(corners, (right, bottom, right, bottom))
        boxes = [(x1, y1, x2, y2) for x1, y1, x2, y2 in corners.tolist()]
        rows = zip(boxes, found.scores.tolist(), found.class_ids.tolist(), strict=True)
        return tuple(self._defect(*row) for row in rows if self._is_inside(row[0]))

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

    def _is_inside(self, box: Box) -> bool:
        if self._polygon is None:
            return True
        x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
        return bool(polygon_mask(self._polygon, (x, y, x + 1, y + 1)).any())

    @property
    def _polygon(self) -> tuple[tuple[float, float], ...] | None:
        return None if self._step.region is None else self._step.region.polygon_xy
