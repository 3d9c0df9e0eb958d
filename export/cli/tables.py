"""Prints what was measured as tables on the terminal."""

from math import isnan

from rich.console import Console
from rich.table import Table

from export.evaluate import Evaluation
from export.verify import GateResult

__all__ = ["print_evaluation", "print_gate"]


def print_gate(result: GateResult) -> None:
    """Print figures, differences, verdicts and speed of every runner, then the flips and the decision."""
    console = Console()
    names = dict.fromkeys(name for measured in result.measured for name in measured.figures)
    table = Table("runner", *names, "agreement", "max diff", "p99 diff", "NG", "flips", "ms")
    for measured in result.measured:
        name = measured.runner.name
        table.add_row(
            name,
            *(_figure(measured.figures.get(key)) for key in names),
            _figure(measured.agreement),
            _figure(measured.difference.max),
            _figure(measured.difference.p99),
            str(sum(picture.judgement == "NG" for picture in measured.pictures)),
            str(sum(flip.runner == name and flip.what == "picture" for flip in result.flips)),
            _figure(result.speed_ms.get(name), 2),
        )
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
    verdicts = Table("truth", "judged OK", "judged NG", "judged ND")
    for truth, counts in evaluation.verdicts.items():
        verdicts.add_row(truth, *(str(counts[name]) for name in ("OK", "NG", "ND")))
    console.print(verdicts)


def _figure(value: float | None, digits: int = 4) -> str:
    return "-" if value is None or isnan(value) else f"{value:.{digits}f}"
