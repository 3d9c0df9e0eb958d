"""The settings of a camera about scenes that stand still, as a pydantic model. A pure format."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from edgevision.recipe import DetectStep, Recipe, SegmentStep

__all__ = ["ChangeGateSettings", "gate_problem"]


class ChangeGateSettings(BaseModel):
    """Repeat an OK while the scene stands still, instead of running the models again.

    Only an OK without anything found near a threshold is repeated, never an NG or ND.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    tolerance: Annotated[float, Field(gt=0.0, le=64.0)] = 16.0
    """By how many grey levels noise alone changes a single pixel; a block of b x b pixels, b up to 32, may
    change by this over the root of b. A fainter defect in a still scene waits for the next full look."""
    full_every_s: Annotated[float, Field(gt=0.0, le=60.0)] = 1.0
    """The models run again after this time, whatever has changed."""


def gate_problem(recipe: Recipe) -> str | None:
    """Return why the verdicts by a recipe cannot be repeated, in words."""
    for step in recipe.tasks:
        of = f"step {step.name} of recipe {recipe.name}"
        if not isinstance(step, SegmentStep | DetectStep):
            return (
                f"{of} tells which one it is, and nobody knows how little changes that; "
                "only steps that segment or detect can be gated, leave change_gate out"
            )
        if isinstance(step, DetectStep) and step.region and step.region.polygon_xy:
            return (
                f"{of} detects in a polygon, where nobody knows how near a verdict was; "
                "give it a rectangle, or leave change_gate out"
            )
    return None
