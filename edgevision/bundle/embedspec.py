"""How a crop becomes an embedding that can be matched: the `embed` part of a manifest.

Pure format; `ops.align` cuts, `ops.quality` refuses, `ops.embed` matches. An embedder answers one
output (1, D) float32; its length does not matter, as the device divides by the L2 norm.
"""

from typing import Annotated, Literal

from pydantic import Field

from edgevision.bundle.part import Fraction, Part

__all__ = ["EmbedSpec"]

Cosine = Annotated[float, Field(ge=-1.0, le=1.0)]
Landmark = tuple[float, float]
NotNegative = Annotated[float, Field(ge=0.0)]


class EmbedSpec(Part):
    """How a model for recognition sees its object, and what its answers mean."""

    dimensions: Annotated[int, Field(ge=1, le=4096)]
    landmarks_xy: tuple[Landmark, Landmark, Landmark, Landmark, Landmark] | None = None
    """Where the detector's five landmarks come to lie, in pixels of the model's input; for faces
    the eye, the other eye, the nose's tip, the mouth's corners, left to right as they are seen.
    Absent: the model takes box crops."""
    margin: Annotated[float, Field(ge=0.0, le=4.0)] = 0.0
    """Of box crops: what is added at each side, as a share of the box's own width and height. The
    crop keeps the aspect ratio of what it shows; beyond the frame its border pixels go on."""
    metric: Literal["cosine"] = "cosine"
    threshold: Cosine
    """Similar from here on: two crops show the same. Calibrated on data that was not trained on."""
    min_size_px: NotNegative = 0.0
    """The shorter side of the box, in source pixels, from which on a match can be trusted."""
    min_sharpness: NotNegative = 0.0
    """Variance of the Laplacian of the grey crop at the model's input size, as of `ops.quality`."""
    max_yaw_deg: Annotated[float, Field(gt=0.0, le=90.0)] | None = None
    """Of faces: how far they may be turned to a side, as of `ops.quality`. Absent: not looked at."""
    golden_min_cosine: Fraction = 0.99
    """A golden sample reproduces when its embedding is as similar as this to the expected one."""
