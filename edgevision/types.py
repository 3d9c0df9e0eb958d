"""The values that pass between stages: frames, findings, verdicts, inspections.

All are immutable; arrays are set read-only when a value is built. Nothing here computes
or does I/O. Coordinates are pixels of the source frame, x to the right and y down, unless
a name says otherwise; times are nanoseconds and say monotonic or UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.identities import ClassScore, Identity
from edgevision.references import ModelRef, RecipeRef, StageTimes, Trigger

__all__ = [
    "ClassMap",
    "ClassScore",
    "Defect",
    "Findings",
    "Frame",
    "Identity",
    "ImageBgr",
    "Inspected",
    "Inspection",
    "Judgement",
    "ModelRef",
    "Reason",
    "RecipeRef",
    "StageTimes",
    "Trigger",
    "Truth",
    "Verdict",
]

ImageBgr = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, blue-green-red."""

ClassMap = npt.NDArray[np.uint8]
"""(H, W) uint8 class ids, 0 is background."""


def _freeze(array: npt.NDArray[Any]) -> None:
    array.flags.writeable = False


def _check_image(name: str, image: npt.NDArray[Any], ndim: int) -> None:
    if image.dtype != np.uint8 or image.ndim != ndim or 0 in image.shape:
        expected = "(H, W, 3)" if ndim == 3 else "(H, W)"
        msg = f"{name}: expected {expected} uint8, got {image.shape} {image.dtype}"
        raise ValueError(msg)


class Judgement(StrEnum):
    """What a station says about a part. ND, not decidable, is never OK."""

    OK = "OK"
    NG = "NG"
    ND = "ND"

    @property
    def result_evaluation(self) -> int:
        """Return the code of OPC 40001-101 ResultEvaluation."""
        return {Judgement.OK: 1, Judgement.NG: 2, Judgement.ND: 3}[self]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is known about a frame beforehand.

    `class_map` uses the ids of `class_names` (index 0 is background) and covers the frame.
    """

    judgement: Judgement
    class_map: ClassMap | None = None
    class_names: tuple[str, ...] = ()
    variant: str | None = None
    variant_corners_xy: tuple[tuple[float, float], ...] | None = None
    """Where what names the variant is printed: four corners, clockwise from its own top left."""

    def __post_init__(self) -> None:
        if self.class_map is not None:
            _check_image("class_map", self.class_map, 2)
            _freeze(self.class_map)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture. `frame_id` counts per source from 0; a gap means frames were lost."""

    image_bgr: ImageBgr
    camera: str
    frame_id: int
    captured_ns: int
    """Monotonic clock of the host; 0 for recordings."""
    wall_ns: int
    """UTC since the epoch; for recordings the position in the recording."""
    part_id: str | None = None
    file: str | None = None
    """Name of the file the frame came from, for recordings and folders."""
    truth: Truth | None = None
    acquire_ns: int = 0
    """How long fetching and decoding took after the exposure; 0 where nobody knows."""
    is_frozen: bool = False
    """The camera has repeated this picture for too long."""
    pixel_format: str = ""
    """As the camera sent it, before it became BGR; empty where nobody knows."""
    changed: str = ""
    """How size or format differ from what the camera gave at the start; empty when they do not."""
    trigger: Trigger | None = None
    """Which trigger it is inspected for."""

    def __post_init__(self) -> None:
        _check_image("image_bgr", self.image_bgr, 3)
        _freeze(self.image_bgr)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image_bgr.shape[1], self.image_bgr.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Defect:
    """One finding. Lengths and widths are given for line-like defects only."""

    label: str
    class_id: int
    score: float
    box_xyxy: tuple[int, int, int, int]
    """Left, top, right, bottom; right and bottom exclusive."""
    area_px: float
    outline_xy: npt.NDArray[np.int32]
    """(n, 2) closed polygon."""
    length_px: float | None = None
    width_max_px: float | None = None
    width_mean_px: float | None = None
    px_per_mm: float | None = None

    def __post_init__(self) -> None:
        if self.outline_xy.ndim != 2 or self.outline_xy.shape[1] != 2:
            msg = f"outline_xy: expected (n, 2), got {self.outline_xy.shape}"
            raise ValueError(msg)
        _freeze(self.outline_xy)

    def measure(self, quantity: str) -> float | None:
        """Return `area_px`, `length_mm`, … by name; None where it does not apply."""
        stem, _, unit = quantity.rpartition("_")
        value: float | None = getattr(self, f"{stem}_px")
        if unit == "px" or value is None:
            return value
        if self.px_per_mm is None:
            return None
        return value / (self.px_per_mm**2 if stem == "area" else self.px_per_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What one task found in one frame."""

    task: str
    defects: tuple[Defect, ...]
    class_names: tuple[str, ...] = ()
    class_map: ClassMap | None = None
    """Covers the whole frame; 0 outside the region."""
    score_max: float = 0.0
    """Highest defect score in the region, below the reporting threshold too; of a classify task with
    expected classes the probability of all others."""
    infer_ns: int = 0
    unjudged: tuple[Defect, ...] = ()
    """Below the threshold: reported because a replay asks for them, never judged."""
    identities: tuple[Identity, ...] | None = None
    """Of recognise tasks."""
    classes: tuple[ClassScore, ...] | None = None
    """Of classify tasks: the most probable ones, by falling probability."""

    def __post_init__(self) -> None:
        if self.class_map is not None:
            _check_image("class_map", self.class_map, 2)
            _freeze(self.class_map)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a judgement is not OK: a code for machines and a sentence for people."""

    code: str
    text: str
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement and, unless it is OK, the reasons."""

    judgement: Judgement
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """The complete record of one frame, or of a trigger that got none. Holds no pixels."""

    result_id: str
    camera: str
    frame_id: int | None
    """None for a trigger without a frame; the two times are then those of the trigger."""
    captured_ns: int
    wall_ns: int
    size_wh: tuple[int, int]
    """(0, 0) without a frame."""
    recipe: RecipeRef
    models: tuple[ModelRef, ...]
    findings: tuple[Findings, ...]
    verdict: Verdict
    times: StageTimes
    is_simulated: bool = False
    part_id: str | None = None
    file: str | None = None
    truth: Judgement | None = None
    trigger_id: str | None = None
    repeats: str | None = None
    """The result id of the inspection whose findings and verdict these are, as the scene stood still."""

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Return the defects of all tasks."""
        return tuple(defect for findings in self.findings for defect in findings.defects)


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    """A frame with its inspection, for whoever needs the pixels once more."""

    frame: Frame | None
    """None for a trigger that got no frame."""
    inspection: Inspection

    @property
    def seen(self) -> Frame:
        """The frame, for those who only meet inspections that have one, such as recordings."""
        assert self.frame is not None
        return self.frame
