"""Measures a finished bundle on labelled pictures, through the device's loader, engines, task and rules."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path

from edgevision.bundle.archive import Bundle
from edgevision.bundle.manifest import Manifest
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import UsageError
from edgevision.recipe import Recipe, SegmentStep
from edgevision.rules import judge
from edgevision.types import Judgement
from export.data.folder import SegmentationSet, read_names
from export.data.sample import Sample
from export.runners import as_frame, segment_step_of, segment_task
from export.segmenting import any_defect_recipe
from export.train.metrics import ClassFigures, SegmentationMetrics, Tally

__all__ = ["Evaluation", "evaluate", "labelled_folder", "recipe_of"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a bundle is on one set of pictures."""

    bundle: str
    sha256: str
    data: str
    engine: str
    precision: str
    metrics: SegmentationMetrics
    verdicts: dict[str, dict[str, int]]
    """Truth (OK: no pixel of any defect) → judgement → pictures."""

    def as_values(self) -> dict[str, object]:
        """Return it as plain values for JSON; what is undefined is null."""
        values = asdict(self)
        values["metrics"] = self.metrics.as_flat()
        values["pictures"] = self.metrics.pictures
        values["classes"] = [_defined(figures) for figures in self.metrics.classes]
        return values


def evaluate(
    bundle: Bundle, request: EngineRequest, recipe: Recipe, samples: Iterable[Sample], data: str
) -> Evaluation:
    """Run every picture as the device would, and compare with the truth.

    Raises:
        EngineError: the engine is not there or fails.
        BundleError: the golden samples do not reproduce on it.
    """
    engine = load_engine(bundle, request)
    try:
        task = segment_task(bundle.manifest, segment_step_of(recipe), engine)
        tally = Tally(bundle.manifest.labels, bundle.manifest.require_segment().line_like)
        verdicts: Counter[tuple[Judgement, Judgement]] = Counter()
        for index, sample in enumerate(samples):
            findings = task.run(as_frame(sample, index))
            assert findings.class_map is not None
            tally.add(sample.class_map, findings.class_map)
            truth = Judgement.NG if sample.class_map.any() else Judgement.OK
            verdicts[truth, judge([findings], recipe).judgement] += 1
        return Evaluation(
            bundle=f"{bundle.manifest.name} {bundle.manifest.version}",
            sha256=bundle.sha256,
            data=data,
            engine=engine.info.engine,
            precision=engine.info.precision,
            metrics=tally.figures(),
            verdicts=_table(verdicts),
        )
    finally:
        engine.close()


def recipe_of(manifest: Manifest) -> Recipe:
    """Return the recipe that looks as the model was trained to, and calls any defect NG."""
    segment = manifest.require_segment()
    return any_defect_recipe(
        SegmentStep(name="segment", bundle="measured", scaling=segment.scaling, scale=segment.scale)
    )


def labelled_folder(folder: Path, split: str, labels: tuple[str, ...]) -> SegmentationSet:
    """Open one split of a labelled folder. Raises UsageError when a picture of it cannot be used."""
    samples = SegmentationSet(folder, read_names(folder, split), labels, split)
    if samples.problems:
        first = samples.problems[0]
        raise UsageError(
            f"{folder}, split {split}: {len(samples.problems)} pictures cannot be used; the first: "
            f"{first.file}: {first.reason}"
        )
    return samples


def _table(verdicts: Counter[tuple[Judgement, Judgement]]) -> dict[str, dict[str, int]]:
    return {
        truth.value: {judgement.value: verdicts[truth, judgement] for judgement in Judgement}
        for truth in (Judgement.OK, Judgement.NG)
    }


def _defined(figures: ClassFigures) -> dict[str, object]:
    values: dict[str, object] = asdict(figures)
    return {
        name: None if isinstance(value, float) and isnan(value) else value for name, value in values.items()
    }
