"""The manifest of a bundle: everything needed to run, trust and explain one model.

Pure format; reading archives is `bundle.archive`, running golden samples `bundle.golden`.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputSpec(_Part):
    """The model's single input: (1, H, W, C) uint8, normalised inside the graph."""

    name: str
    size_wh: tuple[Annotated[int, Field(gt=0, le=8192)], Annotated[int, Field(gt=0, le=8192)]]
    color: Literal["RGB", "BGR", "GRAY"] = "RGB"


class OutputSpec(_Part):
    """One output. `activation` is what the device still has to apply."""

    name: str
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    activation: Literal["none", "softmax", "sigmoid"] = "none"


class SegmentSpec(_Part):
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


class ModelFile(_Part):
    """One ONNX file of the bundle."""

    file: str
    opset: int
    ir_version: int


class GoldenSample(_Part):
    """An input picture (PNG, of the input's size) and what each precision answered to it.

    `expected` maps a precision to a PNG of class ids of the input's size. `judgement` is OK
    where that map holds no component of at least `min_area_px`, else NG.
    """

    image: str
    expected: dict[Precision, str]
    judgement: Literal["OK", "NG"]


class Accuracy(_Part):
    """One measured figure set on one named split."""

    split: str
    samples: int
    fp32: dict[str, float]
    int8: dict[str, float]


class Provenance(_Part):
    """One source of training data."""

    name: str
    licence: str
    attribution: str
    use: str


class Quantization(_Part):
    """How the int8 file was made."""

    method: str
    calibration: str
    excluded_nodes: tuple[str, ...] = ()


class Manifest(_Part):
    """`manifest.json`, the first entry of a bundle."""

    schema_: Literal["edgevision.bundle/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    task: Literal["segment"]
    created: str
    description: str = ""
    input: InputSpec
    outputs: Annotated[tuple[OutputSpec, ...], Field(min_length=1)]
    labels: tuple[str, ...]
    """Index is the class id; for segment models index 0 is background."""
    segment: SegmentSpec
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
        if "fp32" not in self.models:
            msg = "models: expected an fp32 entry"
            raise ValueError(msg)
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            msg = "labels: expected background and at least one more, all different"
            raise ValueError(msg)
        unknown = set(self.segment.line_like) - set(self.labels)
        if unknown:
            msg = f"segment.line_like: not among the labels: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        for sample in self.golden:
            unanswered = set(self.models) - set(sample.expected)
            if unanswered:
                msg = f"golden: {sample.image} has no expected class map for {', '.join(sorted(unanswered))}"
                raise ValueError(msg)
        missing = self._named_files() - set(self.files)
        if missing:
            msg = f"files: no hash for {', '.join(sorted(missing))}"
            raise ValueError(msg)
        return self

    def _named_files(self) -> set[str]:
        names = {model.file for model in self.models.values()}
        for sample in self.golden:
            names |= {sample.image, *sample.expected.values()}
        return names
