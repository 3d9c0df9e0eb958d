"""What was measured of a cascade: how many defects its first look would miss. A pure format and its check.

Measuring is the export pipeline's job. A measurement holds for one bundle and one way of looking only.
"""

from math import exp, lgamma, log, log1p
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgevision.errors import ConfigError
from edgevision.recipe import Region, SegmentStep

__all__ = [
    "SCHEMA",
    "CascadeMeasurement",
    "Looked",
    "cascade_problem",
    "precision_problem",
    "read_measurement",
]

SCHEMA: Final = "edgevision.cascade/1"
_CONFIDENCE = 0.95
_MEASURE = "measure it by `python -m export cascade`"
_MOST = 10**9
Count = Annotated[int, Field(ge=0, le=_MOST)]


class Looked(BaseModel):
    """The settings on which it depends what a first look misses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bundle_sha256: str
    region: Region | None
    scale: float
    tile_overlap_px: int
    pixel_threshold: float | None
    min_area_px: int | None
    cascade_scale: float
    min_score: float
    margin_px: int

    @classmethod
    def by(cls, step: SegmentStep, bundle_sha256: str) -> "Looked":
        """Return how a step with a cascade looks."""
        assert step.cascade is not None
        return cls(
            bundle_sha256=bundle_sha256,
            region=step.region,
            scale=step.scale,
            tile_overlap_px=step.tile_overlap_px,
            pixel_threshold=step.pixel_threshold,
            min_area_px=step.min_area_px,
            cascade_scale=step.cascade.scale,
            min_score=step.cascade.min_score,
            margin_px=step.cascade.margin_px,
        )


class CascadeMeasurement(BaseModel):
    """The file that `measured` of a cascade names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal["edgevision.cascade/1"] = Field(SCHEMA, alias="schema")
    looked: Looked
    data: str
    """The pictures."""
    engine: str
    """What ran the bundle's model."""
    precision: Literal["int8", "fp32"]
    """Which of the bundle's models ran."""
    pictures: Count
    defects: Annotated[int, Field(ge=1, le=_MOST)]
    """What full looks at every tile find."""
    missed: Count
    """Those of them in whose place the cascade finds nothing of their class."""
    judged_otherwise: Count
    """Pictures whose judgement by the recipe's rules is another with the cascade."""
    calls: Count
    """Of the network, to look at every tile."""
    calls_with_cascade: Count
    cpu_s: Annotated[float, Field(ge=0.0)]
    """Of the process, while it looked at every tile."""
    cpu_s_with_cascade: Annotated[float, Field(ge=0.0)]

    @model_validator(mode="after")
    def _countable(self) -> "CascadeMeasurement":
        if self.missed > self.defects:
            msg = f"missed: expected at most the {self.defects} defects, got {self.missed}"
            raise ValueError(msg)
        return self

    @property
    def miss_rate_at_most(self) -> float:
        """Return below what the rate of misses lies with 95 % confidence.

        The upper limit of C. Clopper and E. Pearson, Biometrika 26 (1934): with none missed about
        3 / defects.
        """
        if self.missed == self.defects:
            return 1.0
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            is_likely = _chance_of_at_most(self.missed, self.defects, middle) > 1 - _CONFIDENCE
            low, high = (middle, high) if is_likely else (low, middle)
        return high


def read_measurement(path: Path) -> CascadeMeasurement:
    """Read a measurement; raises ConfigError where there is none, or none that can be understood."""
    try:
        return CascadeMeasurement.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"expected what was measured of this cascade in {path}, cannot read it ({error.strerror}); "
            f"{_MEASURE}"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {where}: {first['msg']}; {_MEASURE} again") from error


def cascade_problem(step: SegmentStep, bundle_sha256: str, measured: CascadeMeasurement) -> str | None:
    """Return why a measurement does not allow a step's cascade, in words."""
    assert step.cascade is not None
    wanted, got = (dict(looked) for looked in (Looked.by(step, bundle_sha256), measured.looked))
    for name, value in wanted.items():
        if value != got[name]:
            return f"measured with {name} {got[name]}, and this recipe has {value}; {_MEASURE} again"
    allowed, at_most = step.cascade.max_miss_rate, measured.miss_rate_at_most
    if at_most > allowed:
        return (
            f"expected at most {allowed:.3%} of the defects missed, measured {measured.missed} of "
            f"{measured.defects}, with 95 % confidence at most {at_most:.3%}; lower min_score, raise scale "
            "or margin_px, measure on more pictures, or do without a cascade"
        )
    return None


def precision_problem(precision: str, measured: CascadeMeasurement) -> str | None:
    """Return why a measurement does not hold for the model that an engine runs, in words."""
    if precision == measured.precision:
        return None
    return (
        f"measured with the {measured.precision} model, and the engine runs the {precision} one; set "
        f"engine.precision to {measured.precision}, or measure it again with --precision {precision}"
    )


def _chance_of_at_most(successes: int, trials: int, rate: float) -> float:
    """Return the binomial distribution function, for a rate above 0 and below 1."""
    total = 0.0
    for count in range(successes + 1):
        ways = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
        total += exp(ways + count * log(rate) + (trials - count) * log1p(-rate))
    return total
