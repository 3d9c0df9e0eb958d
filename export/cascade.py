"""Measures what a cascade misses and saves: each picture looked at with it and without, by the device's code.

What is found without it is the yardstick, so the pictures need no truth.
"""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice

import numpy as np
import numpy.typing as npt

from edgevision.bundle.archive import Bundle
from edgevision.config.cascade import CascadeMeasurement, Looked
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import TruncatedInput, UsageError
from edgevision.ports import Engine, EngineInfo, Feed, Tensor
from edgevision.recipe import Recipe, SegmentStep
from edgevision.rules import judge
from edgevision.types import Defect, Findings, Frame
from export.runners import segment_task

__all__ = ["cascade_step_of", "frames_of", "measure_cascade"]

_TAKE_TIMEOUT_S = 1.0


def cascade_step_of(recipe: Recipe) -> SegmentStep:
    """Return the step with a cascade; raises UsageError unless it is the only step."""
    step = recipe.tasks[0]
    if len(recipe.tasks) != 1 or not isinstance(step, SegmentStep) or step.cascade is None:
        raise UsageError(f"recipe {recipe.name}: expected a single segment step, with a cascade")
    return step


def frames_of(feeds: Iterable[Feed], frames: int | None, damage: list[str]) -> Iterator[Frame]:
    """Yield at most so many frames of each recording, not started yet; raises CaptureError as they do.

    A damaged one adds a sentence to `damage`, and its readable frames count.
    """
    for feed in feeds:
        try:
            with closing(_all_of(feed)) as taken:
                yield from islice(taken, frames)
        except TruncatedInput as error:
            damage.append(str(error))


def _all_of(feed: Feed) -> Generator[Frame, None, None]:
    feed.start()
    try:
        while True:
            frame = feed.take(_TAKE_TIMEOUT_S)
            if frame is not None:
                yield frame
            elif feed.ended:
                break
    finally:
        feed.stop()


def measure_cascade(
    bundle: Bundle, request: EngineRequest, recipe: Recipe, frames: Iterable[Frame], data: str
) -> CascadeMeasurement:
    """Run every picture as the device would, with and without the cascade.

    Raises:
        EngineError: the engine is not there or fails.
        BundleError: the golden samples do not reproduce on it.
        InspectionError: a picture does not hold the region, or is too small for the first look.
        UsageError: nothing is found in the pictures, so that nothing could be missed.
    """
    step = cascade_step_of(recipe)
    pictures = otherwise = defects = missed = 0
    with closing(load_engine(bundle, request)) as engine:
        cascade = _Side(bundle, step, engine)
        full = _Side(bundle, step.model_copy(update={"cascade": None}), engine)
        for frame in frames:
            got, expected = cascade.run(frame), full.run(frame)
            pictures += 1
            otherwise += _judgement(got, recipe) != _judgement(expected, recipe)
            defects += len(expected.defects)
            missed += sum(not _is_among(got.defects, defect) for defect in expected.defects)
    if not defects:
        raise UsageError(f"{data}: expected pictures with defects, found none in {pictures}; give others")
    return CascadeMeasurement(
        looked=Looked.by(step, bundle.sha256),
        data=data,
        engine=engine.info.engine,
        precision=request.precision,
        pictures=pictures,
        defects=defects,
        missed=missed,
        judged_otherwise=otherwise,
        calls=full.calls,
        calls_with_cascade=cascade.calls,
        cpu_s=round(full.cpu_s, 3),
        cpu_s_with_cascade=round(cascade.cpu_s, 3),
    )


class _Side:
    """Looks in one way, and counts what that takes. It is the engine of its own task."""

    def __init__(self, bundle: Bundle, step: SegmentStep, engine: Engine) -> None:
        self._engine, self.calls, self.cpu_s = engine, 0, 0.0
        self._task = segment_task(bundle.manifest, step, self)

    def run(self, frame: Frame) -> Findings:
        started_s = time.process_time()
        found = self._task.run(frame)
        self.cpu_s += time.process_time() - started_s
        return found

    @property
    def info(self) -> EngineInfo:
        return self._engine.info

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        self.calls += 1
        return self._engine.infer(batch_nhwc)

    def close(self) -> None:
        self._engine.close()


def _judgement(found: Findings, recipe: Recipe) -> str:
    return judge([found], recipe).judgement.value


def _is_among(found: Sequence[Defect], wanted: Defect) -> bool:
    """Return whether anything of the class was found in the place of a defect."""
    left, top, right, bottom = wanted.box_xyxy
    for defect in found:
        x1, y1, x2, y2 = defect.box_xyxy
        if defect.label == wanted.label and max(left, x1) < min(right, x2) and max(top, y1) < min(bottom, y2):
            return True
    return False
