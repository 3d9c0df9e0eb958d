"""Measures a finished detect bundle on labelled pictures through the device: loader, engine, task, rules."""

from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path

from edgevision.bundle.archive import Bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.recipe import Recipe
from edgevision.types import Judgement
from export.detect.folder import read_boxes
from export.detect.metrics import DetectionMetrics, measure
from export.detect.run import DetectRun, truth_of
from export.detect.subject import DetectSubject
from export.materials import Materials

__all__ = ["DetectEvaluation", "evaluate_detect"]


@dataclass(frozen=True, slots=True, eq=False)
class DetectEvaluation:
    """How good a detect bundle is on one set of pictures."""

    bundle: str
    sha256: str
    data: str
    engine: str
    precision: str
    score_threshold: float
    pictures: int
    left_out: tuple[str, ...]
    """Boxes and pictures of the set that could not be used."""
    figures: dict[str, float]
    metrics: DetectionMetrics
    verdicts: dict[str, dict[str, int]]
    """Truth (OK: no object) → judgement → pictures."""

    def as_values(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        values: dict[str, object] = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "metrics"
        }
        values["classes"] = [
            {"label": label, "objects": curve.objects, "ap50": curve.average_precision}
            | dict(zip(("precision", "recall", "f50"), curve.at(self.score_threshold), strict=True))
            for label, curve in self.metrics.curves.items()
        ]
        return values


def evaluate_detect(
    bundle: Bundle, request: EngineRequest, recipe: Recipe | None, folder: Path, split: str
) -> DetectEvaluation:
    """Run every picture as the device would, and compare with the truth.

    Raises:
        UsageError: the folder or the split cannot be used.
        EngineError: the engine is not there or fails.
        BundleError: the golden samples do not reproduce on it.
    """
    manifest = bundle.manifest
    detect = manifest.require_detect()
    samples = read_boxes(folder, split, manifest.labels, pairs=detect.inputs == "pair")
    materials = Materials((), "", list(samples), samples.description)
    subject = DetectSubject(manifest, materials, recipe)
    engine = load_engine(bundle, request)
    try:
        run = subject.run(engine)
    finally:
        engine.close()
    truths = [truth_of(sample) for sample in subject.samples]
    return DetectEvaluation(
        bundle=f"{manifest.name} {manifest.version}",
        sha256=bundle.sha256,
        data=samples.description,
        engine=engine.info.engine,
        precision=engine.info.precision,
        score_threshold=subject.threshold,
        pictures=subject.pictures,
        left_out=tuple(str(problem) for problem in samples.problems),
        figures=run.figures,
        metrics=measure(run.every, truths, manifest.labels),
        verdicts=_verdicts(subject, run),
    )


def _verdicts(subject: DetectSubject, run: DetectRun) -> dict[str, dict[str, int]]:
    counted: Counter[tuple[Judgement, Judgement]] = Counter()
    for sample, picture in zip(subject.samples, run.pictures, strict=True):
        truth = Judgement.NG if len(sample.class_ids) else Judgement.OK
        counted[truth, picture.judgement] += 1
    return {
        truth.value: {judgement.value: counted[truth, judgement] for judgement in Judgement}
        for truth in (Judgement.OK, Judgement.NG)
    }
