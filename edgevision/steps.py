"""The steps of a recipe: where a model looks, and how. A pure format, part of `edgevision.recipe`."""

import math
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

__all__ = [
    "IDENTITY_NAME",
    "Cascade",
    "ClassifyStep",
    "DetectStep",
    "Fraction",
    "Name",
    "Part",
    "RecogniseStep",
    "Region",
    "SegmentStep",
    "Step",
]

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Credential = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Coordinate = Annotated[float, Field(ge=0.0, le=65535.0)]
Point = tuple[Coordinate, Coordinate]
Scale = Annotated[float, Field(ge=0.1, le=4.0)]
"""Below a tenth nothing is left that a model could tell from noise."""
IDENTITY_NAME = re.compile(r"^[^\s\x00-\x1f](.{0,98}[^\s\x00-\x1f])?$")
"""What an enrolled person or variant may be called."""
IdentityName = Annotated[str, Field(pattern=IDENTITY_NAME.pattern)]


class Part(BaseModel):
    """A part of a recipe; unknown keys are errors, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Region(Part):
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


class _Step(Part):
    name: Name
    bundle: str
    """`builtin:NAME`, or a path relative to the recipe."""
    bundle_sha256: Sha256 | None = None
    """When given, any other file is refused."""
    region: Region | None = None
    """The whole frame when absent."""


class Cascade(Part):
    """A first look at a smaller scale decides which tiles are worth the full look; the others are background.

    It pays where most of a large region shows nothing, such as a wide belt with a part somewhere on it.
    """

    scale: Annotated[float, Field(ge=0.1, le=0.75)] = 0.5
    """Of the first look, relative to that of the full one. Even then the region must fill one input."""
    min_score: Annotated[float, Field(gt=0.0, le=1.0)] = 0.02
    """What scores so high in the first look deserves the full one."""
    margin_px: Annotated[int, Field(strict=True, ge=0, le=8192)] = 64
    """Tiles so near to it do, too; in pixels of the full look."""
    max_miss_rate: Annotated[float, Field(gt=0.0, le=1.0)]
    """Refuse the recipe unless fewer of the defects that full looks find are missed, with 95 % confidence."""
    measured: Annotated[str, Field(min_length=1)]
    """What `python -m export cascade` measured, a file relative to the recipe."""


class SegmentStep(_Step):
    """Run a segment bundle on a region."""

    task: Literal["segment"] = "segment"
    scaling: Literal["tile", "stretch", "letterbox"] = "tile"
    """tile: native resolution in overlapping tiles; stretch, letterbox: the region in one input."""
    scale: Scale = 1.0
    """Resize the region by this factor before tiling. Scaled down it must fill at least one input."""
    tile_overlap_px: Annotated[int, Field(strict=True, ge=0, le=8192)] = 32
    pixel_threshold: Fraction | None = None
    """Replaces the bundle's threshold."""
    min_area_px: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Replaces the bundle's minimum area (source pixels)."""
    cascade: Cascade | None = None
    """Look at those tiles only where a first look saw something; of `tile` only."""

    @model_validator(mode="after")
    def _cascade_of_tiles(self) -> "SegmentStep":
        if self.cascade is not None and self.scaling != "tile":
            msg = f"cascade: expected scaling tile, got {self.scaling}, which is one look anyway"
            raise ValueError(msg)
        return self


class DetectStep(_Step):
    """Run a detect bundle on a region. What is absent is as the bundle was trained and measured."""

    task: Literal["detect"]
    scaling: Literal["letterbox", "stretch", "tile"] | None = None
    """letterbox, stretch: the region in one input; tile: native resolution in overlapping tiles."""
    scale: Scale | None = None
    """Resize the region by this factor before tiling. Scaled down it must fill at least one input."""
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


class RecogniseStep(_Step):
    """Tell which one it is, by an embed bundle and a gallery of enrolled examples."""

    task: Literal["recognise"]
    gallery: Name
    """The file galleries/NAME.gallery beside the recipe, as `edgevision enrol` writes it."""
    gallery_key_file: Annotated[str, Field(min_length=1)] | None = None
    """The gallery is encrypted by the key in this file, relative to the recipe."""
    gallery_key_credential: Credential | None = None
    """The same by the name of a systemd credential (LoadCredential=)."""
    detector: Annotated[str, Field(min_length=1)] | None = None
    """A detect bundle that finds what is to be recognised; absent, the region shows one of it."""
    detector_sha256: Sha256 | None = None
    """When given, any other detector is refused."""
    neighbours: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    """How many of the nearest enrolled examples vote."""
    threshold: Annotated[float, Field(ge=-1.0, le=1.0)] | None = None
    """Replaces the bundle's: whoever resembles nobody by at least this cosine is unknown."""
    expected: Literal["known"] | Annotated[tuple[IdentityName, ...], Field(min_length=1)] | None = None
    """Who may be seen: one of these names, of whom somebody must be; `known`: nobody unknown. Else the
    part is NG. Absent: identities are reported and judge nothing."""

    @model_validator(mode="after")
    def _consistent(self) -> "RecogniseStep":
        if self.gallery_key_file is not None and self.gallery_key_credential is not None:
            msg = "expected one of gallery_key_file and gallery_key_credential"
            raise ValueError(msg)
        if self.detector_sha256 is not None and self.detector is None:
            msg = "detector_sha256: expected a detector that it belongs to"
            raise ValueError(msg)
        return self

    def gallery_path(self, base_dir: Path) -> Path:
        """Return the gallery's file for the folder of the recipe."""
        return base_dir / "galleries" / f"{self.gallery}.gallery"

    def gallery_key_path(self, base_dir: Path) -> Path | None:
        """Return the file with the key for the folder of the recipe; None where no file holds it."""
        return None if self.gallery_key_file is None else base_dir / Path(self.gallery_key_file).expanduser()


class ClassifyStep(_Step):
    """Tell which of a model's classes a region shows."""

    task: Literal["classify"]
    scaling: Literal["stretch", "letterbox"] | None = None
    """Absent: as the bundle was trained and measured."""
    top_k: Annotated[int, Field(strict=True, ge=1, le=100)] = 3
    """How many of the most probable classes are reported."""
    expected: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """The classes that are OK. Absent: classes are reported and judge nothing."""


def _with_task(step: object) -> object:
    return {"task": "segment"} | step if isinstance(step, dict) else step


Step = Annotated[
    SegmentStep | DetectStep | RecogniseStep | ClassifyStep,
    Field(discriminator="task"),
    BeforeValidator(_with_task),
]
"""Without `task`, a segment step."""
