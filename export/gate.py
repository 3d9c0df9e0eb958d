"""The gate: torch, fp32 and int8 on held-out pictures, through the device's own code, and a decision.

Compared are answers, figures and verdicts. Writing the report is `export.gate_report`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from export.convert import MAX_DIFFERENCE
from export.difference import Difference, difference
from export.golden import choose_golden
from export.runners import Runner
from export.subject import GoldenAnswer, GoldenInput, PictureResult, Run, Subject, Values

__all__ = ["Flip", "Gate", "Measured"]

_COMPARED_INPUTS = 48


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one runner makes of all held-out pictures."""

    runner: Runner
    run: Run
    agreement: float
    """How much of what it and the fp32 model find they find alike."""
    difference: Difference
    """Of its answers to those of the fp32 model."""
    golden: tuple[GoldenAnswer, ...]

    @property
    def pictures(self) -> tuple[PictureResult, ...]:
        """One result per picture."""
        return self.run.pictures

    @property
    def figures(self) -> dict[str, float]:
        """Against the truth; empty where that is unknown."""
        return self.run.figures


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


class Gate:
    """Measures runners against the fp32 model on the same pictures and golden inputs."""

    def __init__(self, subject: Subject, reference: Runner) -> None:
        """Run the reference, the fp32 model, and choose the golden inputs by its verdicts alone."""
        self._subject = subject
        self.inputs = subject.inputs(_COMPARED_INPUTS)
        self._answers = self._answered(reference)
        run = subject.run(reference.engine)
        proofs = subject.golden_subject
        seen = run if proofs is subject else proofs.run(reference.engine)
        self.golden: tuple[GoldenInput, ...] = choose_golden(proofs, reference.engine, seen)
        self._run = run
        self.reference = self._measured(reference, run)

    def measure(self, runner: Runner) -> Measured:
        """Run another model on everything."""
        return self._measured(runner, self._subject.run(runner.engine))

    def output_error(self, runner: Runner) -> float:
        """Return the mean difference of answers to the fp32 model."""
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
            Flip(
                sample.picture,
                measured.runner.name,
                str(theirs.judgement),
                str(mine.judgement),
                True,
                "input",
            )
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
        for figure, allowed in self._subject.max_loss.items():
            before, after = self.reference.figures.get(figure), measured.figures.get(figure)
            if before is not None and (after is None or before - after > allowed):
                reasons.append(
                    f"{measured.runner.name}: {figure} expected at least {before - allowed:.4f} "
                    f"(fp32 {before:.4f} less {allowed}), got {0.0 if after is None else after:.4f}"
                )
        reasons += [
            f"{flip.runner}: golden {flip.what} {flip.picture}: expected {flip.expected}, got {flip.got}"
            for flip in self.flips(measured)
            if flip.is_golden
        ]
        return reasons

    def _answered(self, runner: Runner) -> list[Values]:
        return [self._subject.values(runner.engine, batch) for batch in self.inputs]

    def _measured(self, runner: Runner, run: Run) -> Measured:
        engine = runner.engine
        return Measured(
            runner,
            run,
            run.agreement(self._run),
            difference(self._answered(runner), self._answers),
            tuple(self._subject.golden_answer(engine, sample.batch) for sample in self.golden),
        )


def _torch_reasons(measured: Measured) -> list[str]:
    if measured.difference.max <= MAX_DIFFERENCE:
        return []
    reason = (
        f"torch: expected answers within {MAX_DIFFERENCE:g} of fp32, got a difference of "
        f"{measured.difference.max:.3g}; the checkpoint changed since, run convert again"
    )
    return [reason]
