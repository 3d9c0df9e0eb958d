"""Prints what was measured as tables on the terminal."""

from math import isnan

from rich.console import Console
from rich.table import Table

from export.detect.evaluate import DetectEvaluation
from export.detect.results import ResultsEvaluation
from export.evaluate import Evaluation
from export.verify import GateResult

__all__ = ["print_curves", "print_detect_evaluation", "print_evaluation", "print_gate"]


def print_gate(result: GateResult) -> None:
    """Print figures, differences, verdicts and speed of every runner, then the flips and the decision."""
    console = Console()
    measured = result.measured
    table = Table("", *(one.runner.name for one in measured))
    for name in dict.fromkeys(name for one in measured for name in one.figures):
        table.add_row(name, *(_figure(one.figures.get(name)) for one in measured))
    table.add_section()
    table.add_row("agreement", *(_figure(one.agreement) for one in measured))
    table.add_row("max difference", *(_figure(one.difference.max) for one in measured))
    table.add_row("p99 difference", *(_figure(one.difference.p99) for one in measured))
    table.add_row("judged NG", *(str(sum(p.judgement == "NG" for p in one.pictures)) for one in measured))
    table.add_row("flips", *(str(_flips(result, one.runner.name)) for one in measured))
    table.add_row("ms", *(_figure(result.speed_ms.get(one.runner.name), 2) for one in measured))
    console.print(table)
    for flip in result.flips:
        golden = "golden " if flip.is_golden else ""
        console.print(
            f"flip: {golden}{flip.what} {flip.picture}: {flip.expected} -> {flip.got} ({flip.runner})"
        )
    for engine in result.slow_int8:
        console.print(f"int8 is not faster than fp32 on {engine} here")
    for reason in result.refusals:
        console.print(f"refused: {reason}", style="red")
    console.print("the gate: " + ("passed" if result.passed else "refused"))


def _flips(result: GateResult, runner: str) -> int:
    return sum(flip.runner == runner and flip.what == "picture" for flip in result.flips)


def print_evaluation(evaluation: Evaluation) -> None:
    """Print the figures by class and the verdicts against the truth."""
    console = Console(stderr=True)
    metrics = evaluation.metrics
    table = Table("class", "IoU", "precision", "recall", "F1 within 4 px")
    for figures in metrics.classes:
        table.add_row(
            figures.label,
            _figure(figures.iou),
            _figure(figures.precision),
            _figure(figures.recall),
            _figure(figures.tolerance_f1),
        )
    table.add_section()
    table.add_row("mean of defects", _figure(metrics.mean_iou))
    table.add_row("any defect", _figure(metrics.defect_iou))
    console.print(
        f"{evaluation.bundle}, {evaluation.precision} on {evaluation.engine}: "
        f"{metrics.pictures} pictures, {evaluation.data}"
    )
    console.print(table)
    _print_verdicts(console, evaluation.verdicts)


def print_detect_evaluation(evaluation: DetectEvaluation) -> None:
    """Print average precision and F-score by class and the verdicts against the truth."""
    title = (
        f"{evaluation.bundle}, {evaluation.precision} on {evaluation.engine}: {evaluation.pictures} "
        f"pictures, {evaluation.data}; boxes count from {evaluation.score_threshold:g}"
    )
    console = Console(stderr=True)
    for problem in evaluation.left_out:
        console.print(f"left out: {problem}", style="yellow")
    print_curves(title, evaluation, evaluation.score_threshold)
    _print_verdicts(console, evaluation.verdicts)


def print_curves(title: str, measured: DetectEvaluation | ResultsEvaluation, threshold: float) -> None:
    """Print average precision and F-score by class, and over all classes."""
    console = Console(stderr=True)
    table = Table("class", "objects", "AP at IoU 0.5", "precision", "recall", "F-score")
    for label, curve in measured.metrics.curves.items():
        values = (curve.average_precision, *curve.at(threshold))
        table.add_row(label, str(curve.objects), *map(_figure, values))
    console.print(title)
    console.print(table)
    overall = measured.figures
    console.print(
        f"mAP at IoU 0.5: {_figure(overall['map50'])}; COCO mAP: {_figure(overall['map'])}; "
        f"mean F-score: {_figure(overall['f50'])}; at IoU 0.33: mAP {_figure(overall['map33'])}, "
        f"mean F-score {_figure(overall['f33'])}"
    )


def _print_verdicts(console: Console, verdicts: dict[str, dict[str, int]]) -> None:
    table = Table("truth", "judged OK", "judged NG", "judged ND")
    for truth, counts in verdicts.items():
        table.add_row(truth, *(str(counts[name]) for name in ("OK", "NG", "ND")))
    console.print(table)


def _figure(value: float | None, digits: int = 4) -> str:
    return "-" if value is None or isnan(value) else f"{value:.{digits}f}"
