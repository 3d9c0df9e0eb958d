"""Segmentation: a model's class map of a region becomes defects with area, length and width.

A frame without defects costs one pass over the model's answer; everything else is done only
where a class reached its threshold.
"""

import time
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.errors import InspectionError
from edgevision.ops.cracks import measure_line
from edgevision.ops.image import letterbox, stretch, to_model_color
from edgevision.ops.masks import Component, Foreground, components, foreground, probabilities
from edgevision.ops.polygons import polygon_mask
from edgevision.ports import Engine
from edgevision.recipe import SegmentStep
from edgevision.tasks.region import Box, region_box
from edgevision.tasks.tiled import Look, Planes, Predict, TiledLook, whole
from edgevision.types import Defect, Findings, Frame, ImageBgr, ModelRef

__all__ = ["SegmentTask"]

Mask = npt.NDArray[np.uint8]
Polygon = tuple[tuple[float, float], ...]
Marked = tuple[Mask, tuple[Defect, ...]]


class SegmentTask:
    """One segment step of a recipe. Keeps no state between frames; safe in many threads."""

    def __init__(
        self,
        step: SegmentStep,
        spec: Manifest,
        engine: Engine,
        model: ModelRef,
        px_per_mm: float | None = None,
    ) -> None:
        """Take the step, the manifest of its bundle, and the engine that runs the bundle.

        `model` names what runs in every result; `px_per_mm` calibrates the camera.
        """
        self._step, self._spec, self._engine, self._model = step, spec, engine, model
        self._px_per_mm = px_per_mm
        self._segment = segment = spec.require_segment()
        threshold, min_area = step.pixel_threshold, step.min_area_px
        self._threshold = segment.pixel_threshold if threshold is None else threshold
        self._min_area_px = segment.min_area_px if min_area is None else min_area
        self._tiles = TiledLook(step, spec.input.size_wh, len(spec.labels), self._threshold)
        self._polygon = None if step.region is None else step.region.polygon_xy

    @property
    def name(self) -> str:
        """Name of the step."""
        return self._step.name

    @property
    def model(self) -> ModelRef:
        """Which bundle runs, and on what at this moment."""
        return self._engine.info.named_in(self._model)

    def run(self, frame: Frame) -> Findings:
        """Return the defects in the region, and the class map of the whole frame.

        Raises:
            InspectionError: the region does not lie in this frame or is scaled to less than one input,
                or the answer is no numbers or does not fit the manifest.
            EngineError: the engine failed.
        """
        box = region_box(self._step, frame)
        left, top, right, bottom = box
        calls = _TimedCalls(self._step.name, self._spec, self._engine)
        seen, score_max = self._look(frame.image_bgr[top:bottom, left:right], calls.predict)
        if self._polygon is not None and seen is not None:
            score_max = _score_inside(self._polygon, box, seen)
        class_map, defects = _nothing(frame.size_wh)
        if seen is not None and score_max >= self._threshold:
            class_map, defects = self._defects(seen, box, frame.size_wh)
        return Findings(self.name, defects, self._spec.labels, class_map, score_max, calls.infer_ns)

    def heat(self, frame: Frame) -> tuple[Box, Planes]:
        """Return the region and, as large, (h, w) from 0 to 1: the highest score of any defect.

        For a step whose `pixel_threshold` is 0, below which nothing is looked at; raises as `run` does.
        """
        box = region_box(self._step, frame)
        left, top, right, bottom = box
        calls = _TimedCalls(self._step.name, self._spec, self._engine)
        seen, _ = self._look(frame.image_bgr[top:bottom, left:right], calls.predict)
        if seen is None:
            return box, np.zeros((bottom - top, right - left), np.float32)
        return box, np.asarray(cv2.resize(seen.scores, (right - left, bottom - top)), np.float32)

    def _look(self, region: ImageBgr, predict: Predict) -> Look:
        match self._step.scaling:
            case "tile":
                return self._tiles.look(region, predict)
            case "stretch":
                return self._stretched(region, predict)
            case "letterbox":
                return self._letterboxed(region, predict)

    def _stretched(self, region: ImageBgr, predict: Predict) -> Look:
        return self._seen(predict(stretch(region, self._spec.input.size_wh)))

    def _letterboxed(self, region: ImageBgr, predict: Predict) -> Look:
        picture, geometry = letterbox(region, self._spec.input.size_wh)
        return self._seen(geometry.crop(predict(picture)))

    def _seen(self, planes: Planes) -> Look:
        """Look closer only where something is, or where only the inside of a polygon counts."""
        score_max = float(planes[1:].max())
        is_quiet = score_max < self._threshold and self._polygon is None
        return (None, score_max) if is_quiet else whole(foreground(planes))

    def _defects(self, seen: Foreground, box: Box, frame_wh: tuple[int, int]) -> Marked:
        """Return the frame's class map and the defects in it."""
        left, top, right, bottom = box
        size_wh = right - left, bottom - top
        window = seen.window(self._threshold, size_wh)
        near = seen.resized(size_wh, window)
        class_ids = near.class_map(self._threshold)
        rows, columns = slice(window[1], window[3]), slice(window[0], window[2])
        if self._polygon is not None:
            class_ids = class_ids * _inside(self._polygon, box, size_wh)[rows, columns]
        class_map = np.zeros(frame_wh[::-1], np.uint8)
        class_map[top:bottom, left:right][rows, columns] = class_ids
        found = components(class_ids, near.scores, self._min_area_px)
        x, y = left + window[0], top + window[1]
        return class_map, tuple(self._defect(component, x, y) for component in found)

    def _defect(self, component: Component, left: int, top: int) -> Defect:
        label = self._spec.labels[component.class_id]
        line = measure_line(component.mask) if label in self._segment.line_like else None
        x1, y1, x2, y2 = component.box_xyxy
        return Defect(
            label=label,
            class_id=component.class_id,
            score=component.score,
            box_xyxy=(x1 + left, y1 + top, x2 + left, y2 + top),
            area_px=float(component.area_px),
            outline_xy=component.outline_xy + np.array((left, top), np.int32),
            length_px=line.length_px if line else None,
            width_max_px=line.width_max_px if line else None,
            width_mean_px=line.width_mean_px if line else None,
            px_per_mm=self._px_per_mm,
        )


class _TimedCalls:
    """Calls the engine for one frame and adds up the time it takes."""

    def __init__(self, task: str, spec: Manifest, engine: Engine) -> None:
        self._task, self._spec, self._engine = task, spec, engine
        self.infer_ns = 0

    def predict(self, picture_bgr: ImageBgr) -> Planes:
        """Return (C, H, W) probabilities for a picture of the model's input size."""
        batch = np.ascontiguousarray(to_model_color(picture_bgr, self._spec.input.color)[np.newaxis])
        started_ns = time.monotonic_ns()
        output = self._engine.infer(batch)[0]
        self.infer_ns += time.monotonic_ns() - started_ns
        if output.ndim != 4:
            raise InspectionError(
                f"task {self._task}: expected four axes in the model's answer, got shape "
                f"{output.shape}; build the bundle again"
            )
        planes = probabilities(output, self._spec.outputs[0].layout, self._spec.outputs[0].activation)
        if not np.isfinite(planes.max()):
            raise InspectionError(
                f"task {self._task}: expected numbers from the model, got NaN or infinity; "
                "try another precision or engine, or build the bundle again"
            )
        if len(planes) != len(self._spec.labels):
            raise InspectionError(
                f"task {self._task}: expected {len(self._spec.labels)} classes as labelled in the manifest, "
                f"got {len(planes)} from the model; build the bundle again with the right labels"
            )
        return planes


@lru_cache(maxsize=16)
def _nothing(size_wh: tuple[int, int]) -> Marked:
    """Return what is marked in a frame without defects; one class map serves all of them."""
    return np.zeros(size_wh[::-1], np.uint8), ()


def _score_inside(polygon: Polygon, box: Box, seen: Foreground) -> float:
    """Return the highest score inside; at low resolution, up to a pixel around the polygon."""
    height, width = seen.scores.shape
    inside = _inside(polygon, box, (width, height))
    return min(float(seen.scores.max(where=inside, initial=0.0)), 1.0)


@lru_cache(maxsize=64)
def _inside(polygon: Polygon, box: Box, size_wh: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return (h, w): inside the polygon, for its box seen at `size_wh`.

    At another size than the box's, every pixel that shows any of the inside counts.
    """
    left, top, right, bottom = box
    scale_xy = (size_wh[0] / (right - left), size_wh[1] / (bottom - top))
    mask = polygon_mask(polygon, box, scale_xy)
    if scale_xy != (1.0, 1.0):
        mask = np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)
    mask.flags.writeable = False
    return mask.view(np.bool_)
