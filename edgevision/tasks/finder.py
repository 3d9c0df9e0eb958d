"""Runs a detect bundle's model over a region and gives its boxes in pixels of the region.

What a model's answer means is `bundle.detector`, how regions are fitted into its input `tasks.views`.
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
from edgevision.ports import Engine, Tensor
from edgevision.tasks.region import require_detail
from edgevision.tasks.views import Scaling, View, views
from edgevision.types import ImageBgr

__all__ = ["Answers", "Finder"]

Answers = list[tuple[View, tuple[Tensor, ...]]]


class Finder:
    """Finds boxes for one step. Keeps no state between frames; safe in many threads."""

    def __init__(
        self,
        task: str,
        spec: Manifest,
        engine: Engine,
        *,
        scaling: Scaling | None = None,
        scale: float | None = None,
        overlap_px: int = 64,
    ) -> None:
        """Take the name of the step, and a detect bundle's manifest with the engine that runs it.

        Absent `scaling` and `scale` are the bundle's; `overlap_px` is that of tiles.
        """
        self._task, self._spec, self._engine = task, spec, engine
        self._detect = detect = spec.require_detect()
        self._detector = Detector(spec)
        self._scaling = scaling or detect.scaling
        self._scale = detect.scale if scale is None else scale
        self._is_rescaled = self._scaling == "tile" and scale is not None
        self._overlap_px = overlap_px

    def answers(self, pictures: Sequence[ImageBgr]) -> tuple[Answers, int]:
        """Return every view of the region with the model's answer, and the time that it took.

        Raises:
            InspectionError: the given scale leaves less of the region than one input shows.
        """
        answers, infer_ns = [], 0
        input_wh = self._spec.input.size_wh
        if self._is_rescaled:
            require_detail(self._task, pictures[0], self._scale, input_wh)
        for view in views(pictures, input_wh, self._scaling, self._scale, self._overlap_px):
            batch = model_batch(view.pictures, self._spec.input.color)
            started_ns = time.monotonic_ns()
            answer = self._engine.infer(batch)
            infer_ns += time.monotonic_ns() - started_ns
            answers.append((view, answer))
        return answers, infer_ns

    def found(
        self, answers: Answers, region_wh: tuple[int, int], min_score: float
    ) -> tuple[Detections, float]:
        """Return the findings in pixels of the region, and the highest score of all, below the limit too.

        Asked again for a lower limit, because low scores may change how pieces in tiles are joined.
        """
        parts, score_max = [], 0.0
        for view, answer in answers:
            seen = self._detector.find(answer, min_score)
            if not (np.isfinite(seen.score_max) and np.isfinite(seen.found.boxes_xyxy).all()):
                raise InspectionError(
                    f"task {self._task}: expected numbers from the model, got NaN or infinity; "
                    "try another precision or engine, or build the bundle again"
                )
            score_max = max(score_max, seen.score_max)
            parts.append(view.to_region(seen.found))
        if len(parts) == 1:
            return parts[0], min(score_max, 1.0)
        windows = [view.window_xyxy for view, _ in answers]
        return join_tiles(parts, windows, region_wh, self._detect.iou_threshold), min(score_max, 1.0)
