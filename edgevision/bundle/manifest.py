"""The manifest of a bundle: everything needed to run, trust and explain one model.

Pure format; reading archives is `bundle.archive`, running golden samples `bundle.golden`.
"""

from collections.abc import Set as AbstractSet
from typing import Annotated, Final, Literal, TypeVar, get_args

from pydantic import Field, model_validator

from edgevision.bundle.classifyspec import ClassifySpec
from edgevision.bundle.detectspec import OUTPUTS, DetectSpec
from edgevision.bundle.embedspec import EmbedSpec
from edgevision.bundle.part import Fraction, Part
from edgevision.bundle.record import Accuracy, Provenance, Quantization
from edgevision.bundle.segmentspec import SegmentSpec
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
    "Task",
]

SCHEMA: Final = "edgevision.bundle/1"

Precision = Literal["fp32", "int8"]
Task = Literal["segment", "detect", "embed", "classify"]
Spec = TypeVar("Spec", SegmentSpec, DetectSpec, EmbedSpec, ClassifySpec)
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
    `judgement` is OK where it holds no finding. For embed models it is JSON, a list of the D
    numbers of the normalised embedding, for classify models one of the C probabilities after
    temperature; neither has a judgement.
    """

    image: str
    reference: str | None = None
    """For models that take pairs: the registered picture of the good part, like `image`."""
    expected: dict[Precision, str]
    judgement: Literal["OK", "NG"] | None = None
    """Exactly for segment and detect models."""


class Manifest(Part):
    """`manifest.json`, the first entry of a bundle."""

    schema_: Literal["edgevision.bundle/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    task: Task
    created: str
    description: str = ""
    input: InputSpec
    outputs: Annotated[tuple[OutputSpec, ...], Field(min_length=1)]
    labels: tuple[str, ...]
    """Index is the class id. For segment models index 0 is background; others have no background
    among their labels, and embed models no labels."""
    segment: SegmentSpec | None = None
    """Exactly for segment models."""
    detect: DetectSpec | None = None
    """Exactly for detect models."""
    embed: EmbedSpec | None = None
    """Exactly for embed models."""
    classify: ClassifySpec | None = None
    """Exactly for classify models."""
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
        """Return the labels of the defects that the model can find; background is none."""
        return {"segment": self.labels[1:], "detect": self.labels}.get(self.task, ())

    def require_segment(self) -> SegmentSpec:
        """Return the segment part; raises ManifestError for models of another task."""
        return self._required(self.segment, "segment")

    def require_detect(self) -> DetectSpec:
        """Return the detect part; raises ManifestError for models of another task."""
        return self._required(self.detect, "detect")

    def require_embed(self) -> EmbedSpec:
        """Return the embed part; raises ManifestError for models of another task."""
        return self._required(self.embed, "embed")

    def require_classify(self) -> ClassifySpec:
        """Return the classify part; raises ManifestError for models of another task."""
        return self._required(self.classify, "classify")

    def _required(self, spec: Spec | None, task: Task) -> Spec:
        if spec is None:
            article = "an" if task == "embed" else "a"
            raise ManifestError(f"{self.name}: expected {article} {task} model, got one to {self.task}")
        return spec

    def _task_problem(self) -> str | None:
        parts = [part for part in get_args(Task) if getattr(self, part) is not None]
        if parts != [self.task]:
            return f"expected the part {self.task} and no other, got {', '.join(parts) or 'none'}"
        return self._labels_problem() or self._outputs_problem()

    def _outputs_problem(self) -> str | None:
        if self.detect is not None:
            return self._detect_problem(self.detect)
        most = {"embed": 1, "classify": 2}.get(self.task)
        if most is not None and len(self.outputs) > most:
            return f"outputs: expected at most {most} for {self.task}, got {len(self.outputs)}"
        return None

    def _labels_problem(self) -> str | None:
        if self.task == "embed":
            return "labels: expected none, as identities are enrolled" if self.labels else None
        least, wanted = {
            "segment": (2, "background and at least one more"),
            "classify": (2, "at least two"),
        }.get(self.task, (1, "at least one"))
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < least:
            return f"labels: expected {wanted}, all different"
        if self.segment is not None and (unknown := set(self.segment.line_like) - set(self.labels)):
            return f"segment.line_like: not among the labels: {_listed(unknown)}"
        return None

    def _detect_problem(self, detect: DetectSpec) -> str | None:
        if len(self.outputs) != OUTPUTS[detect.decoder]:
            return (
                f"outputs: expected {OUTPUTS[detect.decoder]} for {detect.decoder}, got {len(self.outputs)}"
            )
        if detect.decoder == "yunet" and any(side % 32 for side in self.input.size_wh):
            return f"input.size_wh: expected multiples of 32 for yunet, got {list(self.input.size_wh)}"
        activation = self.outputs[-1].activation
        if activation != "none" and not detect.decoder.startswith("ssd"):
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
            if (sample.judgement is None) == (self.task in ("segment", "detect")):
                wanted = "no judgement" if sample.judgement else "a judgement, OK or NG"
                return f"golden: {sample.image}: expected {wanted}"
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
