"""The recipe: what to inspect and how to judge. A versioned, hashed, pure format.

Reading the YAML file and placing errors is `config.document`; applying the rules is `rules`.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from edgevision.steps import (
    Cascade,
    ClassifyStep,
    DetectStep,
    Fraction,
    Name,
    Part,
    RecogniseStep,
    Region,
    SegmentStep,
    Step,
)

__all__ = [
    "SCHEMA",
    "Cascade",
    "ClassifyStep",
    "DetectStep",
    "EvidenceImage",
    "GreyBand",
    "Recipe",
    "RecogniseStep",
    "Region",
    "Rule",
    "SegmentStep",
    "Step",
    "TriggerRules",
    "Zone",
]

SCHEMA: Final = "edgevision.recipe/1"

Positive = Annotated[float, Field(gt=0.0)]


class Zone(Region):
    """A named region that rules refer to."""

    name: Name


class GreyBand(Part):
    """Scores between `low` and `high` decide nothing: the part is ND."""

    low: Fraction
    high: Fraction

    @model_validator(mode="after")
    def _ordered(self) -> "GreyBand":
        if self.low >= self.high:
            msg = f"expected low < high, got {self.low} and {self.high}"
            raise ValueError(msg)
        return self


class Rule(Part):
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


class TriggerRules(Part):
    """How triggers are answered."""

    deadline_ms: Annotated[float, Field(gt=0.0, le=60_000.0)] = 1000.0
    """Every trigger has its verdict by then, ND if need be."""
    pre_trigger_ms: Annotated[float, Field(ge=0.0, le=2000.0)] = 0.0
    """Take the frame exposed so long before the trigger; 0: the first one exposed after it."""


class EvidenceImage(Part):
    """How the pictures of parts are kept at a station that keeps evidence."""

    format: Literal["png", "jpeg"] = "png"
    """png keeps every pixel as it was inspected; jpeg is some ten times smaller."""
    jpeg_quality: Annotated[int, Field(strict=True, ge=50, le=100)] = 95


class Recipe(Part):
    """A recipe file."""

    schema_: Literal["edgevision.recipe/1"] = Field(SCHEMA, alias="schema")
    name: Name
    version: Annotated[str, Field(pattern=r"^\d+(\.\d+){1,2}$")]
    description: str = ""
    tasks: Annotated[tuple[Step, ...], Field(min_length=1)]
    zones: tuple[Zone, ...] = ()
    rules: tuple[Rule, ...] = ()
    """Limits on defects. What recognise and classify steps may find is their own `expected`."""
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
        if not self.rules and all(getattr(step, "expected", None) is None for step in self.tasks):
            msg = "rules: expected at least 1, or a recognise or classify step with expected"
            raise ValueError(msg)
        zones = {zone.name for zone in self.zones}
        for rule in self.rules:
            if rule.zone is not None and rule.zone not in zones:
                msg = f"rule {rule.name}: zone {rule.zone} is not among zones: {sorted(zones)}"
                raise ValueError(msg)
        return self
