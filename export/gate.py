"""The gate: torch, fp32 and int8 on held-out pictures, through the device's own code, and a decision.

Compared are answers, figures and verdicts. Writing the report is `export.gate_report`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.bundle.manifest import Manifest
from edgevision.recipe import Recipe, Rule, SegmentStep
from edgevision.rules import judge
from edgevision.types import ClassMap, Judgement
from export.convert import MAX_DIFFERENCE
from export.data.sample import Sample
from export.difference import Difference, Planes, difference, model_answers
from export.golden import GoldenAnswer, GoldenInput, answer_golden, choose_golden
from export.materials import Materials, evenly
from export.runners import Runner, as_frame, model_inputs, segment_step_of, segment_task
from export.train.metrics import Tally

__all__ = [
    "MAX_IOU_LOSS",
    "Flip",
    "Gate",
    "Measured",
    "PictureResult",
    "any_defect_recipe",
]

MAX_IOU_LOSS = 0.01
TOLERANCE_PX = 4
_DECISIVE = ("mean_iou", "defect_iou")
_COMPARED_PICTURES = 24
_COMPARED_INPUTS = 48


@dataclass(frozen=True, slots=True, eq=False)
class PictureResult:
    """What one runner makes of one held-out picture."""

    name: str
    judgement: Judgement
    score_max: float
    largest_px: float
    """Area of the largest defect; 0 without any."""
    class_map: ClassMap


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one runner makes of all held-out pictures."""

    runner: Runner
    pictures: tuple[PictureResult, ...]
    figures: dict[str, float]
    """Against the truth; empty where that is unknown."""
    agreement: float
    """IoU of its defects with those of the fp32 model."""
    difference: Difference
    """Of its probabilities to those of the fp32 model."""
    golden: tuple[GoldenAnswer, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """A verdict that is not that of the fp32 model."""

    picture: str
    runner: str
    expected: str
    got: str
    is_golden: bool
    what: str
    """`picture` by the recipe, or `input` of a golden sample by the manifest."""


def any_defect_recipe(step: SegmentStep) -> Recipe:
    """Return the rule that holds without a recipe: any defect is NG."""
    return Recipe(
        name="any-defect", version="1.0", tasks=(step,), rules=(Rule(name="any-defect", max_count=0),)
    )


class Gate:
    """Measures runners against the fp32 model on the same pictures and golden inputs."""

    def __init__(self, manifest: Manifest, recipe: Recipe, materials: Materials, reference: Runner) -> None:
        """Run the reference, the fp32 model, and choose the golden inputs by its verdicts alone."""
        self._manifest, self._recipe, self._materials = manifest, recipe, materials
        self._step = segment_step_of(recipe)
        held_out = materials.held_out
        some = [held_out[index] for index in evenly(len(held_out), _COMPARED_PICTURES)]
        self.inputs = model_inputs(manifest, self._step, some, _COMPARED_INPUTS)
        self._answers = model_answers(manifest, reference.engine, self.inputs)
        pictures = self._run(reference)
        self.golden: tuple[GoldenInput, ...] = choose_golden(
            manifest,
            self._step,
            reference.engine,
            held_out,
            [self._clear_judgement(picture) for picture in pictures],
        )
        self._maps = [picture.class_map for picture in pictures]
        self.reference = self._measured(reference, pictures)

    def measure(self, runner: Runner) -> Measured:
        """Run another model on everything."""
        return self._measured(runner, self._run(runner))

    def output_error(self, runner: Runner) -> float:
        """Return the mean difference of probabilities to the fp32 model."""
        return difference(self._answered(runner), self._answers).mean

    def flips(self, measured: Measured) -> tuple[Flip, ...]:
        """Return every verdict that is not that of the fp32 model, golden ones first."""
        golden = {sample.picture for sample in self.golden}
        flips = [
            Flip(
                mine.name,
                measured.runner.name,
                theirs.judgement,
                mine.judgement,
                mine.name in golden,
                "picture",
            )
            for mine, theirs in zip(measured.pictures, self.reference.pictures, strict=True)
            if mine.judgement is not theirs.judgement
        ]
        flips += [
            Flip(sample.picture, measured.runner.name, theirs.judgement, mine.judgement, True, "input")
            for sample, mine, theirs in zip(self.golden, measured.golden, self.reference.golden, strict=True)
            if mine.judgement != theirs.judgement
        ]
        return tuple(sorted(flips, key=lambda flip: not flip.is_golden))

    def refusals(self, candidates: Iterable[Measured]) -> tuple[str, ...]:
        """Return why these may not ship, as sentences; nothing when they may."""
        return tuple(reason for measured in candidates for reason in self._reasons(measured))

    def _reasons(self, measured: Measured) -> list[str]:
        if measured.runner.precision == "torch":
            return _torch_reasons(measured)
        reasons = []
        for figure in _DECISIVE:
            before, after = self.reference.figures.get(figure), measured.figures.get(figure)
            if before is not None and (after is None or before - after > MAX_IOU_LOSS):
                reasons.append(
                    f"{measured.runner.name}: {figure} expected at least {before - MAX_IOU_LOSS:.4f} "
                    f"(fp32 {before:.4f} less {MAX_IOU_LOSS}), got {0.0 if after is None else after:.4f}"
                )
        reasons += [
            f"{flip.runner}: golden {flip.what} {flip.picture}: expected {flip.expected}, got {flip.got}"
            for flip in self.flips(measured)
            if flip.is_golden
        ]
        return reasons

    def _clear_judgement(self, picture: PictureResult) -> Judgement:
        """Return ND for pictures whose only defects are about as small as defects may be.

        Rounding alone can flip those, on another processor too: they prove nothing.
        """
        is_tiny = 0 < picture.largest_px < 2 * self._manifest.require_segment().min_area_px
        return Judgement.ND if is_tiny else picture.judgement

    def _run(self, runner: Runner) -> tuple[PictureResult, ...]:
        task = segment_task(self._manifest, self._step, runner.engine)
        results = []
        for index, sample in enumerate(self._materials.held_out):
            findings = task.run(as_frame(sample, index))
            assert findings.class_map is not None
            verdict = judge([findings], self._recipe)
            largest_px = max((defect.area_px for defect in findings.defects), default=0.0)
            results.append(
                PictureResult(
                    sample.name, verdict.judgement, findings.score_max, largest_px, findings.class_map
                )
            )
        return tuple(results)

    def _answered(self, runner: Runner) -> list[Planes]:
        return model_answers(self._manifest, runner.engine, self.inputs)

    def _measured(self, runner: Runner, pictures: tuple[PictureResult, ...]) -> Measured:
        return Measured(
            runner,
            pictures,
            self._figures(pictures),
            _agreement(self._maps, [picture.class_map for picture in pictures]),
            difference(self._answered(runner), self._answers),
            answer_golden(self._manifest, runner.engine, self.golden),
        )

    def _figures(self, pictures: Sequence[PictureResult]) -> dict[str, float]:
        if not self._materials.has_truth:
            return {}
        return figures_of(self._manifest, self._materials.held_out, [p.class_map for p in pictures])


def _torch_reasons(measured: Measured) -> list[str]:
    if measured.difference.max <= MAX_DIFFERENCE:
        return []
    reason = (
        f"torch: expected probabilities within {MAX_DIFFERENCE:g} of fp32, got a difference of "
        f"{measured.difference.max:.3g}; the checkpoint changed since, run convert again"
    )
    return [reason]


def figures_of(
    manifest: Manifest, samples: Sequence[Sample], answers: Sequence[ClassMap]
) -> dict[str, float]:
    """Return the figures of class maps against the truth."""
    tally = Tally(manifest.labels, manifest.require_segment().line_like, TOLERANCE_PX)
    for sample, answer in zip(samples, answers, strict=True):
        tally.add(sample.class_map, answer)
    return tally.figures().as_flat()


def _agreement(reference: Sequence[ClassMap], answers: Sequence[ClassMap]) -> float:
    common = sum(int(np.count_nonzero((a == b) & (b > 0))) for a, b in zip(answers, reference, strict=True))
    union = sum(int(np.count_nonzero((a > 0) | (b > 0))) for a, b in zip(answers, reference, strict=True))
    return common / union if union else 1.0
