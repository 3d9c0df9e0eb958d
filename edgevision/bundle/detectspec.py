"""How the raw answer of a detect model becomes boxes: the `detect` part of a manifest.

Pure format; `bundle.detector` carries it out. A detect model answers one of these, all float32:

* `ssd`: `boxes` (1, N, 4), offsets to the priors divided by the variances, and `scores` (1, N, C);
  priors in order map by map, row by row (y, then x), then by `sizes_wh`.
* `ssd-decoded`: `boxes` (1, N, 4), left, top, right, bottom in pixels of the model's input, and
  `scores` (1, N, C).
* `yolov5`: one output (1, N, 5 + C): centre x, centre y, width, height in pixels of the model's
  input, objectness, and a score per class that counts times the objectness.
* `yolov8`, v11 too: one output (1, 4 + C, N): the same box, and a score per class.
* `yunet`: twelve outputs, for the strides 8, 16 and 32 each: three class scores (1, N, 1), three
  objectness scores (1, N, 1), three boxes (1, N, 4), three sets of five landmarks (1, N, 10).

The output that holds the scores says with its `activation` what the device still has to apply.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edgevision.bundle.part import Fraction, Part

__all__ = ["OUTPUTS", "DetectSpec", "PriorMap"]

OUTPUTS = {"ssd": 2, "ssd-decoded": 2, "yolov5": 1, "yolov8": 1, "yunet": 12}
"""How many outputs each decoder reads; of two, the first holds the boxes."""

Cells = Annotated[int, Field(ge=1, le=4096)]
Side = Annotated[float, Field(gt=0.0, le=65536.0)]
Variance = Annotated[float, Field(gt=0.0)]


class PriorMap(Part):
    """The priors of one feature map: at each cell's centre, (i + 0.5) / map, one of each size."""

    map_wh: tuple[Cells, Cells]
    sizes_wh: Annotated[tuple[tuple[Side, Side], ...], Field(min_length=1)]
    """Width and height in pixels of the model's input."""

    @property
    def count(self) -> int:
        """Return how many priors the map has."""
        return self.map_wh[0] * self.map_wh[1] * len(self.sizes_wh)


class DetectSpec(Part):
    """How a detect model's answer becomes findings."""

    decoder: Literal["ssd", "ssd-decoded", "yolov5", "yolov8", "yunet"]
    priors: tuple[PriorMap, ...] = ()
    """Of `ssd` only."""
    variances: tuple[Variance, Variance] = (0.1, 0.2)
    """Of `ssd`: what offsets of centres and of sizes were divided by."""
    background: bool = False
    """The first raw score is that of background. The labels never hold it."""
    score_threshold: Fraction = 0.5
    """Findings below it are not reported, and no rule sees them."""
    iou_threshold: Fraction = 0.45
    """Of two boxes of a class that overlap more, the one with the lower score is dropped."""
    max_detections: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Of one look of the model; those with the lowest scores go first."""
    votes: Annotated[int, Field(ge=1, le=64)] = 1
    """How many agreeing boxes make up a finding's score and place; of 1, the best box alone."""
    exclusive: bool = False
    """One place shows one class: a finding loses as much of its score as a better one there has."""
    scaling: Literal["letterbox", "stretch", "tile"] = "letterbox"
    """How the model was trained to see pictures and was measured: what a recipe should ask for."""
    scale: Annotated[float, Field(gt=0.0, le=4.0)] = 1.0
    """The recipe's `scale` at which it was trained and measured; of `tile` only."""
    inputs: Literal["single", "pair"] = "single"
    """pair: the input is (1, H, W, 2 C), the test picture's channels and then those of a registered
    picture of a good part, both in the input's colour order: 2 for GRAY, 6 for RGB and BGR."""
    golden_min_iou: Fraction = 0.8
    """A golden sample reproduces when each expected box is met by one of its class as near as this."""
    golden_max_score_difference: Fraction = 0.05
    """The scores of the two differ at most so much. A finding that exceeds the threshold by less
    may also be missing, or new."""

    @model_validator(mode="after")
    def _consistent(self) -> "DetectSpec":
        if (self.decoder == "ssd") != bool(self.priors):
            msg = f"priors: expected them for the decoder ssd and for no other, got {len(self.priors)} maps"
            raise ValueError(msg)
        if self.background and not self.decoder.startswith("ssd"):
            msg = f"background: {self.decoder} has no such score; expected false"
            raise ValueError(msg)
        return self

    @property
    def prior_count(self) -> int:
        """Return how many priors all maps have."""
        return sum(prior_map.count for prior_map in self.priors)
