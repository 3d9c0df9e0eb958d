"""The recipe: what to inspect and how to judge. A versioned, hashed, pure format.

Reading the YAML file and placing errors is `config.document`; applying the rules is `rules`.
"""

import math
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

__all__ = [
    "SCHEMA",
    "DetectStep",
    "EvidenceImage",
    "GreyBand",
    "Recipe",
    "Region",
    "Rule",
    "SegmentStep",
    "Step",
    "TriggerRules",
    "Zone",
]

SCHEMA: Final = "edgevision.recipe/1"

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Coordinate = Annotated[float, Field(ge=0.0, le=65535.0)]
Point = tuple[Coordinate, Coordinate]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Region(_Part):
    """Where a step looks: a rectangle or a polygon, in pixels of the source frame."""

    rectangle_xyxy: tuple[int, int, int, int] | None = None
    polygon_xy: Annotated[tuple[Point, ...], Field(min_length=3)] | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> "Region":
        if (self.rectangle_xyxy is None) == (self.polygon_xy is None):
            msg = "expected exactly one of rectangle_xyxy and polygon_xy"
            raise ValueError(msg)
        if self.rectangle_xyxy is not None:
            left, top, right, bottom = self.rectangle_xyxy
            if min(left, top) < 0 or right <= left or bottom <= top:
                msg = "rectangle_xyxy: expected left < right and top < bottom, none negative"
                raise ValueError(msg)
        return self

    @property
    def bounding_box_xyxy(self) -> tuple[int, int, int, int]:
        """Return the smallest whole-pixel box around the region, at least one pixel wide and high."""
        if self.rectangle_xyxy is not None:
            return self.rectangle_xyxy
        assert self.polygon_xy is not None
        xs, ys = zip(*self.polygon_xy, strict=True)
        left, top = math.floor(min(xs)), math.floor(min(ys))
        return left, top, max(math.ceil(max(xs)), left + 1), max(math.ceil(max(ys)), top + 1)


class Zone(Region):
    """A named region that rules refer to."""

    name: Name


class _Step(_Part):
    name: Name
    bundle: str
    """`builtin:NAME`, or a path relative to the recipe."""
    bundle_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """When given, any other file is refused."""
    region: Region | None = None
    """The whole frame when absent."""


class SegmentStep(_Step):
    """Run a segment bundle on a region."""

    task: Literal["segment"] = "segment"
    scaling: Literal["tile", "stretch", "letterbox"] = "tile"
    """tile: native resolution in overlapping tiles; stretch, letterbox: the region in one input."""
    scale: Annotated[float, Field(gt=0.0, le=4.0)] = 1.0
    """Resize the region by this factor before tiling."""
    tile_overlap_px: Annotated[int, Field(strict=True, ge=0, le=8192)] = 32
    pixel_threshold: Fraction | None = None
    """Replaces the bundle's threshold."""
    min_area_px: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Replaces the bundle's minimum area (source pixels)."""


class DetectStep(_Step):
    """Run a detect bundle on a region. What is absent is as the bundle was trained and measured."""

    task: Literal["detect"]
    scaling: Literal["letterbox", "stretch", "tile"] | None = None
    """letterbox, stretch: the region in one input; tile: native resolution in overlapping tiles."""
    scale: Annotated[float, Field(gt=0.0, le=4.0)] | None = None
    """Resize the region by this factor before tiling."""
    tile_overlap_px: Annotated[int, Field(strict=True, ge=0, le=8192)] = 64
    """At least the size of what is to be found, so that some tile shows it whole."""
    score_threshold: Fraction | None = None
    """Replaces the bundle's threshold."""
    reference: Annotated[str, Field(min_length=1)] | None = None
    """For bundles that compare: a picture of the good part as the camera sees it, relative to the
    recipe. `{stem}` stands for the name of the frame's file, without suffix."""

    @field_validator("reference")
    @classmethod
    def _only_the_stem(cls, reference: str | None) -> str | None:
        if reference is not None and set("{}") & set(reference.replace("{stem}", "")):
            msg = f"expected no placeholder but {{stem}}, got {reference!r}"
            raise ValueError(msg)
        return reference


def _with_task(step: object) -> object:
    return {"task": "segment"} | step if isinstance(step, dict) else step


Step = Annotated[SegmentStep | DetectStep, Field(discriminator="task"), BeforeValidator(_with_task)]
"""Without `task`, a segment step."""


class GreyBand(_Part):
    """Scores between `low` and `high` decide nothing: the part is ND."""

    low: Fraction
    high: Fraction

    @model_validator(mode="after")
    def _ordered(self) -> "GreyBand":
        if self.low >= self.high:
            msg = f"expected low < high, got {self.low} and {self.high}"
            raise ValueError(msg)
        return self


class Rule(_Part):
    """A limit on the defects that match `label`, `zone` and the lower bounds.

    The part is NG when more than `max_count` defects match, or when one that matches exceeds
    a `max_*` limit. A limit in millimetres needs a calibrated camera; without it the part is ND.
    """

    name: Name
    label: str | None = None
    """Any label when absent."""
    zone: Name | None = None
    """Only defects that touch this zone."""
    min_score: Fraction = 0.0
    min_area_px: float = 0.0
    min_length_px: float = 0.0
    max_count: Annotated[int, Field(strict=True, ge=0)] | None = None
    max_area_px: Positive | None = None
    max_length_px: Positive | None = None
    max_width_px: Positive | None = None
    max_area_mm: Positive | None = None
    """Square millimetres."""
    max_length_mm: Positive | None = None
    max_width_mm: Positive | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> "Rule":
        limits = [name for name in type(self).model_fields if name.startswith("max_")]
        if all(getattr(self, name) is None for name in limits):
            msg = f"a rule without a limit judges nothing; give one of {', '.join(limits)}"
            raise ValueError(msg)
        return self


class TriggerRules(_Part):
    """How triggers are answered."""

    deadline_ms: Annotated[float, Field(gt=0.0, le=60_000.0)] = 1000.0
    """Every trigger has its verdict by then, ND if need be."""
    pre_trigger_ms: Annotated[float, Field(ge=0.0, le=2000.0)] = 0.0
    """Take the frame exposed so long before the trigger; 0: the first one exposed after it."""


class EvidenceImage(_Part):
    """How the pictures of parts are kept at a station that keeps evidence."""

    format: Literal["png", "jpeg"] = "png"
    """png keeps every pixel as it was inspected; jpeg is some ten times smaller."""
    jpeg_quality: Annotated[int, Field(strict=True, ge=50, le=100)] = 95


class Recipe(_Part):
    """A recipe file."""

    schema_: Literal["edgevision.recipe/1"] = Field(SCHEMA, alias="schema")
    name: Name
    version: Annotated[str, Field(pattern=r"^\d+(\.\d+){1,2}$")]
    description: str = ""
    tasks: Annotated[tuple[Step, ...], Field(min_length=1)]
    zones: tuple[Zone, ...] = ()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    grey_band: GreyBand | None = None
    trigger: TriggerRules | None = None
    """For cameras that are triggered; the defaults of its keys when absent."""
    evidence_image: EvidenceImage = EvidenceImage()

    @model_validator(mode="after")
    def _names(self) -> "Recipe":
        for kind in ("tasks", "zones", "rules"):
            names = [part.name for part in getattr(self, kind)]
            if len(set(names)) != len(names):
                msg = f"{kind}: expected different names, got {', '.join(names)}"
                raise ValueError(msg)
        zones = {zone.name for zone in self.zones}
        for rule in self.rules:
            if rule.zone is not None and rule.zone not in zones:
                msg = f"rule {rule.name}: zone {rule.zone} is not among zones: {sorted(zones)}"
                raise ValueError(msg)
        return self
