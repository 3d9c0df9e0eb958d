"""The change gate: while the scene of a camera stands still, its last verdict may be repeated.

Only an OK in which nothing came near a threshold is ever repeated, and only for a picture that differs by
no more than noise from the one that was inspected in full; so slow drift adds up and is seen. NG and ND are
always decided anew. Comparing pictures is `ops.change`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgevision.ops.change import Scene
from edgevision.recipe import DetectStep, Recipe
from edgevision.types import Frame, ImageBgr, Inspection, Judgement, ModelRef

__all__ = ["CALM", "ChangeGate", "watched_box"]

CALM = 0.5
"""Scores up to this part of a step's threshold are far enough from it: noise alone moves them less."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The last full look, whose verdict may be repeated."""

    frame: Frame
    scene: Scene
    inspection: Inspection


class ChangeGate:
    """Remembers one camera's last full look. Safe in many threads: what it remembers is never changed."""

    def __init__(
        self, *, tolerance: float, full_every_s: float, thresholds: Mapping[str, float], box_xyxy: Box | None
    ) -> None:
        """Begin with nothing to repeat.

        Args:
            tolerance: See `Scene.differs`.
            full_every_s: An OK is repeated for less than this time.
            thresholds: The score from which each task, by its name, reports defects.
            box_xyxy: Where the tasks look; the whole frame when absent.
        """
        self._tolerance, self._full_every_ns = tolerance, round(full_every_s * 1e9)
        self._thresholds = dict(thresholds)
        self._box_xyxy = box_xyxy
        self._known: _Known | None = None

    def repeatable(self, frame: Frame, models: Sequence[ModelRef]) -> Inspection | None:
        """Return the full inspection whose OK holds for this frame, too; None where all has to be done.

        `models` are those that would run now.
        """
        known = self._known
        if (
            known is None
            or known.inspection.models != tuple(models)
            or not self._is_sequel(frame, known.frame)
        ):
            return None
        return None if known.scene.differs(self._seen(frame), self._tolerance) else known.inspection

    def learn(self, frame: Frame, inspection: Inspection) -> None:
        """Take a full inspection; unless its verdict may be repeated, nothing is until the next one."""
        if self._is_calm_ok(inspection):
            self._known = _Known(frame, Scene(self._seen(frame)), inspection)
        else:
            self._known = None

    def _is_sequel(self, frame: Frame, known: Frame) -> bool:
        """Whether it is of the same part and size, and came soon enough after the last full look."""
        is_alike = (frame.size_wh, frame.part_id, frame.file) == (known.size_wh, known.part_id, known.file)
        return is_alike and 0 < _clock_ns(frame) - _clock_ns(known) < self._full_every_ns

    def _is_calm_ok(self, inspection: Inspection) -> bool:
        return inspection.verdict.judgement is Judgement.OK and all(
            not found.defects and found.score_max <= CALM * self._thresholds[found.task]
            for found in inspection.findings
        )

    def _seen(self, frame: Frame) -> ImageBgr:
        if self._box_xyxy is None:
            return frame.image_bgr
        left, top, right, bottom = self._box_xyxy
        return frame.image_bgr[top:bottom, left:right]


def _clock_ns(frame: Frame) -> int:
    """Return the time of a frame: in a recording, its position."""
    return frame.captured_ns or frame.wall_ns


def watched_box(recipe: Recipe) -> Box | None:
    """Return the smallest box that holds all that the steps look at; None where that is the whole frame."""
    boxes = []
    for step in recipe.tasks:
        if step.region is None or (isinstance(step, DetectStep) and step.reference is not None):
            return None
        boxes.append(step.region.bounding_box_xyxy)
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
