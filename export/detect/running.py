"""Detect models as the device runs them, before there is a bundle: its detect task, its registration."""

from collections.abc import Sequence

from edgevision.bundle.manifest import InputSpec, Manifest, OutputSpec
from edgevision.errors import InspectionError, ManifestError, UsageError
from edgevision.ports import Engine, References
from edgevision.recipe import DetectStep, Recipe, Rule
from edgevision.tasks.detect import DetectTask
from edgevision.tasks.references import OneReference
from edgevision.types import Frame, ImageBgr, ModelRef
from export.convert import INPUT_NAME
from export.description import Description
from export.detect.sample import BoxSample

__all__ = [
    "BOXES_NAME",
    "SCORES_NAME",
    "any_finding_recipe",
    "as_frame",
    "detect_step_of",
    "detect_task",
    "draft_detect_manifest",
]

BOXES_NAME, SCORES_NAME = "boxes", "scores"


def draft_detect_manifest(
    description: Description,
    input_name: str = INPUT_NAME,
    output_names: Sequence[str] = (BOXES_NAME, SCORES_NAME),
) -> Manifest:
    """Return a manifest that engines and tasks can work with; it has no golden samples or hashes yet."""
    detect = description.detect
    if detect is None:
        raise ManifestError(f"{description.name}: expected a part detect in the description of a detector")
    activations = ["none"] * (len(output_names) - 1) + [description.output.activation]
    return Manifest.model_construct(  # type: ignore[call-arg]  # the rest is not known yet
        name=description.name,
        version=description.version,
        task="detect",
        input=InputSpec(name=input_name, size_wh=description.view.size_wh, color=description.color),
        outputs=tuple(
            OutputSpec.model_validate({"name": name, "activation": activation})
            for name, activation in zip(output_names, activations, strict=True)
        ),
        labels=description.labels,
        detect=detect.spec(description.view),
    )


def any_finding_recipe() -> Recipe:
    """Return the recipe that holds without one: look as the model was trained to, any finding is NG."""
    step = DetectStep(name="detect", task="detect", bundle="under-test")
    return Recipe(
        name="any-defect", version="1.0", tasks=(step,), rules=(Rule(name="any-defect", max_count=0),)
    )


def detect_step_of(recipe: Recipe) -> DetectStep:
    """Return the step that judges a detect model; raises UsageError where the first is another's."""
    step = recipe.tasks[0]
    if not isinstance(step, DetectStep):
        raise UsageError(f"recipe {recipe.name}: expected a detect step, got one to {step.task}")
    return step


class _SampleReferences:
    """The good part of each sample, laid over it by the device's own registration."""

    def __init__(self, samples: Sequence[BoxSample]) -> None:
        self._samples = samples

    def registered(self, frame: Frame, box_xyxy: tuple[int, int, int, int]) -> ImageBgr:
        reference = self._samples[frame.frame_id].reference_bgr
        if reference is None:
            raise InspectionError(
                f"{frame.file}: the model compares with a good part, expected its picture in templates/"
            )
        return OneReference(reference).registered(frame, box_xyxy)


def detect_task(
    manifest: Manifest,
    step: DetectStep,
    engine: Engine,
    samples: Sequence[BoxSample],
    report_from: float | None = None,
) -> DetectTask:
    """Return the device's task around an engine, for frames made of these samples."""
    info = engine.info
    model = ModelRef(
        step.name, manifest.name, manifest.version, "0" * 64, info.precision, info.engine, info.provider
    )
    takes_pairs = manifest.require_detect().inputs == "pair"
    references: References | None = _SampleReferences(samples) if takes_pairs else None
    return DetectTask(step, manifest, engine, model, references=references, report_from=report_from)


def as_frame(sample: BoxSample, index: int) -> Frame:
    """Return a picture as the device gets it; `index` is its place among the samples of the task."""
    return Frame(sample.image_bgr, "held-out", index, 0, 0, file=sample.name)
