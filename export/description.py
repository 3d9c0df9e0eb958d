"""What a person says about a model: a small YAML file beside a checkpoint or an ONNX file.

It names the model, its licence and where its training data came from, and for foreign models
how pictures go in and what comes out. Measured facts never stand in it.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edgevision.bundle.classifyspec import ClassifySpec
from edgevision.bundle.detectspec import DetectSpec, PriorMap
from edgevision.bundle.embedspec import EmbedSpec
from edgevision.bundle.manifest import OutputSpec, Provenance
from edgevision.bundle.part import Fraction
from edgevision.ops.boxes import VARIANCES
from export.configfile import read_config
from export.data.view import View

__all__ = ["SCHEMA", "Description", "DetectDescription", "ForeignOutput", "read_description"]

SCHEMA: Literal["edgevision.model/1"] = "edgevision.model/1"

_UNSETTLED = 0.5
"""From which score boxes count as long as nothing was measured."""

Channels = Annotated[tuple[float, ...], Field(min_length=1, max_length=3)]
Scales = Annotated[tuple[Annotated[float, Field(gt=0.0)], ...], Field(min_length=1, max_length=3)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ForeignOutput(_Part):
    """The output of an ONNX file that was not made here."""

    name: str | None = None
    """The only output when absent."""
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    activation: Literal["none", "softmax", "sigmoid"] = "none"
    """What still has to be applied to get probabilities."""

    def spec(self, name: str) -> OutputSpec:
        """Return it as manifests say it."""
        return OutputSpec(name=name, layout=self.layout, activation=self.activation)


class DetectDescription(_Part):
    """What only a detector has. Checkpoints made here bring their own decoder, priors and pairing."""

    decoder: Literal["ssd", "ssd-decoded", "yolov5", "yolov8", "yunet"] = "ssd"
    """How the answer reads, see `edgevision.bundle.detectspec`."""
    outputs: tuple[str, ...] = ()
    """Names of the outputs of an ONNX file, boxes first; all of them in their order when absent."""
    priors: tuple[PriorMap, ...] = ()
    variances: tuple[Annotated[float, Field(gt=0.0)], Annotated[float, Field(gt=0.0)]] = VARIANCES
    background: bool = False
    """The first score is that of background, which is not among the labels."""
    pair: bool = False
    """A registered picture of a good part goes in beside the picture."""
    score_threshold: Fraction | None = None
    """From which score boxes count; that of the highest F-score on the held-out pictures when absent."""
    iou_threshold: Fraction = 0.45
    max_detections: Annotated[int, Field(ge=1, le=10_000)] = 200
    votes: Annotated[int, Field(ge=1, le=64)] = 1
    """How many agreeing boxes make up a finding's score and place; of 1, the best box alone."""
    exclusive: bool = False
    """One place shows one class: a finding loses as much of its score as a better one there has."""
    golden: Literal["held-out", "drawn-boards"] = "held-out"
    """Which pictures become golden samples: drawn circuit boards where others may not be given away."""

    def spec(self, view: View) -> DetectSpec:
        """Return it as manifests say it."""
        return DetectSpec(
            decoder=self.decoder,
            priors=self.priors,
            variances=self.variances,
            background=self.background,
            score_threshold=_UNSETTLED if self.score_threshold is None else self.score_threshold,
            iou_threshold=self.iou_threshold,
            max_detections=self.max_detections,
            votes=self.votes,
            exclusive=self.exclusive,
            scaling=view.scaling if "scaling" in view.model_fields_set else "letterbox",
            scale=view.scale,
            inputs="pair" if self.pair else "single",
        )


class Description(_Part):
    """A model description file."""

    schema_: Literal["edgevision.model/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    description: str = ""
    licence: Annotated[str, Field(min_length=1)]
    provenance: Annotated[tuple[Provenance, ...], Field(min_length=1)]
    labels: tuple[str, ...] = ()
    """Index is the class id; for segment models 0 is background. Checkpoints made here bring their own."""
    line_like: tuple[str, ...] = ()
    """Labels that get a length and widths."""
    min_area_px: Annotated[int, Field(ge=1)] = 1
    view: View = View()
    """Input size and how pictures are brought to it. Checkpoints made here bring their own."""
    color: Literal["RGB", "BGR", "GRAY"] = "RGB"
    mean: Channels = (0.0, 0.0, 0.0)
    """Subtracted per channel after division by 255, by what is put before a foreign model."""
    std: Scales = (1.0, 1.0, 1.0)
    output: ForeignOutput = ForeignOutput()
    detect: DetectDescription | None = None
    """For detectors; their labels have no background."""
    embed: EmbedSpec | None = None
    """For embedders; they have no labels. Checkpoints made here bring their own margin."""
    classify: ClassifySpec | None = None
    """For classifiers; their labels have no background. Checkpoints made here bring their temperature."""

    @model_validator(mode="after")
    def _consistent(self) -> "Description":
        if sum(part is not None for part in (self.detect, self.embed, self.classify)) > 1:
            msg = "expected at most one of detect, embed and classify"
            raise ValueError(msg)
        if self.embed and self.labels:
            msg = "labels: expected none for an embedder, as identities are enrolled"
            raise ValueError(msg)
        least = 1 if self.detect else 2
        if self.labels and (len(self.labels) < least or len(set(self.labels)) != len(self.labels)):
            msg = f"labels: expected {'at least one' if self.detect else 'background and at least one more'}"
            raise ValueError(f"{msg}, all different")
        unknown = set(self.line_like) - set(self.labels)
        if self.labels and unknown:
            msg = f"line_like: not among the labels: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        if min(len(self.mean), len(self.std)) < self.channels:
            msg = f"mean and std: expected {self.channels} values each for {self.color}"
            raise ValueError(msg)
        return self

    @property
    def channels(self) -> int:
        """Return how many channels a picture has in the model's input."""
        return 1 if self.color == "GRAY" else 3

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Return (1, H, W, C)."""
        width, height = self.view.size_wh
        pictures = 2 if self.detect is not None and self.detect.pair else 1
        return 1, height, width, self.channels * pictures


def read_description(path: Path) -> Description:
    """Read a description. Raises ConfigError with file, line, key and remedy."""
    return read_config(path, Description)
