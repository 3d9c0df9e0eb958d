"""How the answer of a segment model becomes defects: the `segment` part of a manifest. Pure format."""

from typing import Annotated, Literal

from pydantic import Field

from edgevision.bundle.part import Fraction, Part

__all__ = ["SegmentSpec"]


class SegmentSpec(Part):
    """How a segment model's probabilities become defects."""

    pixel_threshold: Fraction = 0.5
    """A pixel belongs to its most probable class when that class reaches this probability."""
    min_area_px: Annotated[int, Field(ge=1)] = 1
    """Smaller components are noise and are dropped before any rule sees them."""
    line_like: tuple[str, ...] = ()
    """Labels that get a centre-line length and widths."""
    scaling: Literal["tile", "stretch", "letterbox"] = "tile"
    """How the model was trained to see pictures and was measured: what a recipe should ask for."""
    scale: Annotated[float, Field(gt=0.0, le=4.0)] = 1.0
    """The recipe's `scale` at which it was trained and measured."""
