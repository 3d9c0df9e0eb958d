"""How a region becomes class probabilities: the `classify` part of a manifest.

Pure format. A classifier answers `logits` (1, C) float32 in the order of the labels and, where it
can explain itself, `cam` (1, C, h, w) float32: the class activation maps, whose values mean
something only relative to each other within a map.
"""

from typing import Annotated, Literal

from pydantic import Field

from edgevision.bundle.part import Fraction, Part

__all__ = ["ClassifySpec"]


class ClassifySpec(Part):
    """How a classifier sees its region, and what its logits mean."""

    temperature: Annotated[float, Field(gt=0.0, le=100.0)] = 1.0
    """Logits are divided by it before softmax, so that probabilities are as often right as they say."""
    scaling: Literal["stretch", "letterbox"] = "stretch"
    """How the model was trained to see regions; the bars of a letterbox are grey."""
    golden_max_difference: Fraction = 0.05
    """A golden sample reproduces when no probability differs by more."""
