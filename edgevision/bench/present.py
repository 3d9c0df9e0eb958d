"""A report as tables for people. Pure; the command line prints them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgevision.bench.figures import Spread
from edgevision.bench.report import LedgerReport, Loop, Machine, Model, PostProcess, Report, Start

__all__ = ["Table", "ledger_tables", "shown", "tables"]

_RATIO_MIN = 0.95

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Texts in rows; without columns' names where `columns` are empty."""

    title: str
    columns: Row
    rows: Sequence[Row]


def tables(report: Report) -> Iterator[Table]:
    """Give the tables of a report. Figures are medians, with the lowest and highest round in brackets."""
    yield Table("Benchmark", ("", ""), list(_facts(report)))
    yield _models_table(report)
    if report.postprocess is not None:
        yield _postprocess_table(report.postprocess)
    yield _loops_table(report)
    yield _start_table(report.start)


def ledger_tables(report: LedgerReport) -> Iterator[Table]:
    """Give the tables of a ledger's cost, as `tables` does."""
    calls = f"{report.bundle}, {report.calls} times for each inspection"
    yield Table(
        "Benchmark of the ledger",
        ("", ""),
        [("model", calls), *_machine_facts(report.machine, report.rounds)],
    )
    verdict = "within" if report.ratio.median >= _RATIO_MIN else "NOT within"
    yield Table(
        "Whole loop without and with a ledger",
        (
            "without",
            "with",
            "cost",
            "CPU",
            f"left of 100 /s, at least {_RATIO_MIN}",
            "commit p50",
            "commit p99",
        ),
        [
            (
                shown(report.without_hz, "/s"),
                shown(report.with_hz, "/s"),
                shown(report.cost_ms, "ms"),
                shown(report.cpu_ms, "ms"),
                f"{shown(report.ratio)}: {verdict} the limit",
                shown(report.commit_p50_ms, "ms"),
                shown(report.commit_p99_ms, "ms"),
            )
        ],
    )


def _models_table(report: Report) -> Table:
    refused = [(name, f"does not run: {reason}", "", "") for name, reason in report.refused.items()]
    return Table(
        "Model alone",
        ("engine", "latency, all cores", "rate, a call per core", "CPU per call"),
        [*map(_model_row, report.models), *refused],
    )


def _postprocess_table(found: PostProcess) -> Table:
    return Table(
        "From the answer to boxes",
        ("candidates", "time, one core"),
        [(str(found.candidates), shown(found.time_ms, "ms"))],
    )


def _loops_table(report: Report) -> Table:
    decoding = (shown(report.decode_rate_hz, "/s"), "", "", shown(report.decode_cpu_ms, "ms"), "")
    return Table(
        "Whole loop, beside bare decoding and the bare model",
        ("engine", "rate", "bound", "share of the bound", "CPU per frame", "CPU, decode + model = 1"),
        [("decoding only", *decoding), *map(_loop_row, report.loops)],
    )


def _start_table(start: Start) -> Table:
    return Table(
        "Fresh process",
        ("modules imported", "first verdict", "largest resident memory"),
        [(shown(start.import_s, "s"), shown(start.first_verdict_s, "s"), shown(start.peak_mb, "MB"))],
    )


def _facts(report: Report) -> Iterator[Row]:
    machine, video = report.machine, report.video
    yield (
        "bundle",
        f"{report.bundle}, input {_size(report.input_size_wh)}, sha256 {report.bundle_sha256[:12]}…",
    )
    origin = "the sample line, made for this run" if video.is_made else video.name
    yield "video", f"{origin}: {video.codec}, {_size(video.size_wh)}, {video.frames} frames"
    yield from _machine_facts(machine, report.rounds)


def _machine_facts(machine: Machine, rounds: int) -> Iterator[Row]:
    yield "machine", f"{machine.processor}, {machine.cores} cores, {machine.system}"
    yield "versions", ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    yield "rounds", f"{rounds}; other processes before the first: load {machine.load_before:.1f}"


def _model_row(model: Model) -> Row:
    return (
        f"{model.engine} {model.provider} {model.precision}",
        shown(model.latency_ms, "ms"),
        shown(model.rate_hz, "/s"),
        shown(model.cpu_ms, "ms"),
    )


def _loop_row(loop: Loop) -> Row:
    figures = loop.figures
    return (
        f"{loop.engine} {loop.provider} {loop.precision}",
        shown(figures.rate_hz, "/s"),
        shown(figures.bound_hz, "/s"),
        shown(figures.share),
        shown(figures.cpu_ms, "ms"),
        shown(figures.cpu_ratio),
    )


def _size(size_wh: tuple[int, int]) -> str:
    return f"{size_wh[0]} x {size_wh[1]}"


def shown(values: Spread, unit: str = "") -> str:
    """Return the median with the lowest and highest round in brackets, as fine as they can be told apart."""
    digits = 0 if values.median >= 100 else 1 if values.median >= 10 else 2
    median, low, high = (f"{value:.{digits}f}" for value in (values.median, values.low, values.high))
    return f"{median}{unit and ' ' + unit} ({low} to {high})"
