"""Finds parts of the sample line that a bundle judges wrongly, or nearly so, to train on again.

A good part is hard when any spot of it was taken for a defect, however small or unsure; a defective
one when it is not judged NG. Everything runs through the device's engine, task and rules.
"""

from collections.abc import Iterator

from edgevision.bundle.archive import Bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.recipe import Recipe
from edgevision.rules import judge
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Judgement
from export.data.line import SampleLineSet
from export.data.sample import Sample
from export.runners import as_frame, segment_step_of, segment_task

__all__ = ["hard_parts"]

_CHUNK = 40
_SPOT_PX = 4


def hard_parts(
    bundle: Bundle, request: EngineRequest, recipe: Recipe, seed: int, parts: int
) -> Iterator[int]:
    """Yield the numbers of the hard ones among the first `parts` parts of the training line `seed`.

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
                if _is_hard(task, recipe, sample):
                    yield first + index
    finally:
        engine.close()


def _is_hard(task: SegmentTask, recipe: Recipe, sample: Sample) -> bool:
    findings = task.run(as_frame(sample, 0))
    if sample.class_map.any():
        return judge([findings], recipe).judgement is not Judgement.NG
    return bool(findings.defects)
