"""The manifest of a bundle: everything needed to run, trust and explain one model.

Pure format; reading archives is `bundle.archive`, running golden samples `bundle.golden`.
"""

from collections.abc import Set as AbstractSet
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from edgevision.bundle.detectspec import OUTPUTS, DetectSpec
from edgevision.bundle.part import Fraction, Part
from edgevision.errors import ManifestError

__all__ = [
    "SCHEMA",
    "Accuracy",
    "GoldenSample",
    "InputSpec",
    "Manifest",
    "ModelFile",
    "OutputSpec",
    "Precision",
    "Provenance",
    "Quantization",
    "SegmentSpec",
]

SCHEMA: Final = "edgevision.bundle/1"

Precision = Literal["fp32", "int8"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class InputSpec(Part):
    """The model's single input: (1, H, W, C) uint8, normalised inside the graph.

    C is 1 for GRAY and else 3; twice that for a detect model that takes pairs.
    """

    name: str
    size_wh: tuple[Annotated[int, Field(gt=0, le=8192)], Annotated[int, Field(gt=0, le=8192)]]
    color: Literal["RGB", "BGR", "GRAY"] = "RGB"


class OutputSpec(Part):
    """One output. `activation` is what the device still has to apply; `layout` is for segment models."""

    name: str
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    activation: Literal["none", "softmax", "sigmoid"] = "none"


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


class ModelFile(Part):
    """One ONNX file of the bundle."""

    file: str
    opset: int
    ir_version: int


class GoldenSample(Part):
    """An input picture (PNG, of the input's size) and what each precision answered to it.

    `expected` maps a precision to a file. For segment models it is a PNG of class ids of the
    input's size, and `judgement` is OK where that map holds no component of at least
    `min_area_px`, else NG. For detect models it is JSON as of `bundle.goldenfindings`, and
    `judgement` is OK where it holds no finding.
    """

    image: str
    reference: str | None = None
    """For models that take pairs: the registered picture of the good part, like `image`."""
    expected: dict[Precision, str]
    judgement: Literal["OK", "NG"]


class Accuracy(Part):
    """One measured figure set on one named split."""

    split: str
    samples: int
    fp32: dict[str, float]
    int8: dict[str, float]


class Provenance(Part):
    """One source of training data."""

    name: str
    licence: str
    attribution: str
    use: str


class Quantization(Part):
    """How the int8 file was made."""

    method: str
    calibration: str
    excluded_nodes: tuple[str, ...] = ()


class Manifest(Part):
    """`manifest.json`, the first entry of a bundle."""

    schema_: Literal["edgevision.bundle/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    task: Literal["segment", "detect"]
    created: str
    description: str = ""
    input: InputSpec
    outputs: Annotated[tuple[OutputSpec, ...], Field(min_length=1)]
    labels: tuple[str, ...]
    """Index is the class id. For segment models index 0 is background; detect models have no
    background among their labels."""
    segment: SegmentSpec | None = None
    """Exactly for segment models."""
    detect: DetectSpec | None = None
    """Exactly for detect models."""
    models: dict[Precision, ModelFile]
    quantization: Quantization | None = None
    golden: Annotated[tuple[GoldenSample, ...], Field(min_length=1)]
    golden_max_differing: Fraction = 0.005
    """Largest share of pixels of a golden sample that may differ from the expected class map."""
    accuracy: tuple[Accuracy, ...] = ()
    licence: str
    provenance: tuple[Provenance, ...]
    tools: dict[str, str]
    """Versions of what made the bundle."""
    command: str = ""
    """The exact command that made the bundle."""
    parameters: int | None = None
    gmac: float | None = None
    files: dict[str, Sha256]
    """SHA-256 of every other file in the archive."""

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        for problem in (self._task_problem(), self._golden_problem()):
            if problem:
                raise ValueError(problem)
        if "fp32" not in self.models:
            msg = "models: expected an fp32 entry"
            raise ValueError(msg)
        missing = self._named_files() - set(self.files)
        if missing:
            msg = f"files: no hash for {', '.join(sorted(missing))}"
            raise ValueError(msg)
        return self

    @property
    def findable(self) -> tuple[str, ...]:
        """Return the labels of what the model can find: all but background."""
        return self.labels[1:] if self.task == "segment" else self.labels

    def require_segment(self) -> SegmentSpec:
        """Return the segment part; raises ManifestError for models of another task."""
        if self.segment is None:
            raise ManifestError(f"{self.name}: expected a segment model, got one to {self.task}")
        return self.segment

    def require_detect(self) -> DetectSpec:
        """Return the detect part; raises ManifestError for models of another task."""
        if self.detect is None:
            raise ManifestError(f"{self.name}: expected a detect model, got one to {self.task}")
        return self.detect

    def _task_problem(self) -> str | None:
        parts = [part for part in ("segment", "detect") if getattr(self, part) is not None]
        if parts != [self.task]:
            return f"expected the part {self.task} and no other, got {', '.join(parts) or 'none'}"
        if len(set(self.labels)) != len(self.labels) or not self.findable:
            least = "background and at least one more" if self.task == "segment" else "at least one"
            return f"labels: expected {least}, all different"
        if self.segment is not None:
            unknown = set(self.segment.line_like) - set(self.labels)
            return f"segment.line_like: not among the labels: {_listed(unknown)}" if unknown else None
        return self._detect_problem(self.require_detect())

    def _detect_problem(self, detect: DetectSpec) -> str | None:
        if len(self.outputs) != OUTPUTS[detect.decoder]:
            return (
                f"outputs: expected {OUTPUTS[detect.decoder]} for {detect.decoder}, got {len(self.outputs)}"
            )
        activation = self.outputs[-1].activation
        if activation != "none" and detect.decoder.startswith("yolo"):
            return f"outputs: {detect.decoder} gives scores, not {activation}'s input; expected none"
        if activation == "softmax" and not detect.background:
            return "outputs: softmax needs a background score; without one every box would show something"
        return None

    def _golden_problem(self) -> str | None:
        takes_pairs = self.detect is not None and self.detect.inputs == "pair"
        for sample in self.golden:
            unanswered = set(self.models) - set(sample.expected)
            if unanswered:
                return f"golden: {sample.image} has no expected answer for {_listed(unanswered)}"
            if (sample.reference is not None) != takes_pairs:
                wanted = "a reference, as the model takes pairs" if takes_pairs else "no reference"
                return f"golden: {sample.image}: expected {wanted}"
        return None

    def _named_files(self) -> set[str]:
        names = {model.file for model in self.models.values()}
        for sample in self.golden:
            names |= {sample.image, *sample.expected.values()}
            names |= {sample.reference} if sample.reference else set()
        return names


def _listed(names: AbstractSet[str]) -> str:
    return ", ".join(sorted(names))
