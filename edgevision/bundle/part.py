"""What the parts of a manifest have in common: strict, frozen models and bounded numbers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Fraction", "Part"]

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Part(BaseModel):
    """A part of a manifest; unknown keys are errors, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
