"""Finds parts of the sample line that a bundle judges wrongly, or nearly so, to train on again.

A good part is hard when any spot of it was taken for a defect, however small or unsure; a defective
one when it is not judged NG. Where it erred is said too: the surest false spot, the largest missed
defect. Everything runs through the device's engine, task and rules.
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from edgevision.bundle.archive import Bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.recipe import Recipe
from edgevision.rules import judge
from edgevision.tasks.segment import SegmentTask
from edgevision.types import ClassMap, Judgement
from export.data.line import SampleLineSet
from export.data.sample import Sample
from export.runners import as_frame, segment_step_of, segment_task

__all__ = ["HardPart", "hard_parts"]

_CHUNK = 40
_SPOT_PX = 4


class HardPart(NamedTuple):
    """A part that was judged wrongly, or nearly so, and where."""

    number: int
    spot_xy: tuple[int, int]
    """Pixels of the part's picture."""


def hard_parts(
    bundle: Bundle, request: EngineRequest, recipe: Recipe, seed: int, parts: int
) -> Iterator[HardPart]:
    """Yield the hard ones among the first `parts` parts of the training line `seed`.

    Raises:
        EngineError: the engine is not there or fails.
        BundleError: the golden samples do not reproduce on it.
    """
    engine = load_engine(bundle, request)
    try:
        wary = segment_step_of(recipe).model_copy(update={"min_area_px": _SPOT_PX})
        task = segment_task(bundle.manifest, wary, engine)
        for first in range(0, parts, _CHUNK):
            chunk = SampleLineSet(seed, min(_CHUNK, parts - first), wide_share=0.0, first=first)
            for index, sample in enumerate(chunk):
                spot_xy = _error_of(task, recipe, sample)
                if spot_xy is not None:
                    yield HardPart(first + index, spot_xy)
    finally:
        engine.close()


def _error_of(task: SegmentTask, recipe: Recipe, sample: Sample) -> tuple[int, int] | None:
    findings = task.run(as_frame(sample, 0))
    if sample.class_map.any():
        is_found = judge([findings], recipe).judgement is Judgement.NG
        return None if is_found else _largest_defect(sample.class_map)
    if not findings.defects:
        return None
    left, top, right, bottom = max(findings.defects, key=lambda defect: defect.score).box_xyxy
    return (left + right) // 2, (top + bottom) // 2


def _largest_defect(class_map: ClassMap) -> tuple[int, int]:
    found = cv2.connectedComponentsWithStats((class_map > 0).astype(np.uint8), connectivity=8)
    largest = 1 + int(np.argmax(found[2][1:, cv2.CC_STAT_AREA]))
    rows, columns = np.nonzero(found[1] == largest)
    middle = len(rows) // 2
    return int(columns[middle]), int(rows[middle])
