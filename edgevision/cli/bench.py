"""`edgevision bench`: how fast this machine runs a bundle, alone and in the whole loop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.engine import EngineName, Precision

if TYPE_CHECKING:
    from edgevision.bench.whole import Progress

__all__ = ["bench"]


def bench(
    bundle: Annotated[
        str | None, typer.Argument(metavar="BUNDLE", help="A bundle (.zip), or builtin:NAME.")
    ] = None,
    suite: Annotated[
        bool,
        typer.Option("--suite", help="Measure the shipped bundles in everything, beside other programs."),
    ] = False,
    video: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What to inspect; a 720p clip is made otherwise.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", "--out", metavar="FILE", help="Write all figures as JSON.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Measure everything so often, in turns.")] = 5,
    turn: Annotated[
        float | None, typer.Option(min=0.01, metavar="SECONDS", help="With --suite: how long a turn takes.")
    ] = None,
    ledger: Annotated[
        bool,
        typer.Option("--ledger", help="Measure what a ledger on the disk of this folder costs, instead."),
    ] = False,
    engine: EngineName = "auto",
    precision: Precision = "auto",
) -> None:
    """Measure the model alone on every engine, decoding alone, and the whole loop.

    The loop runs on the engine that auto chooses, and on another one when --engine or --precision
    names it. Its bound is what the cores could do if they only decoded and ran the model.

    With --suite no bundle is named: the shipped ones are measured, on auto's engine, in replay, live, with
    four cameras, in memory and on disk, beside other programs' loops; about five minutes, as Markdown.
    """
    from edgevision.host.logs import set_up_logs
    from edgevision.paths import NOTHING, found_at

    _refuse_idle(
        *(("BUNDLE", bundle), ("--ledger", ledger), ("--engine", engine != "auto")),
        ("--precision", precision != "auto"),
        because="--suite measures the shipped bundles on auto's engine" if suite else "",
    )
    _refuse_idle(("--turn", turn), because="" if suite else "only --suite measures in timed turns")
    _refuse_idle(("--video", video), because="--ledger inspects a made video" if ledger else "")
    set_up_logs("warning")
    if json is not None and found_at(json) == NOTHING:
        _save(json, b"")  # A wrong path is told before minutes of measuring.
    if suite:
        _measure_suite(video, json, rounds, turn)
    else:
        _measure_bundle(_named(bundle), video, json, rounds, engine, precision, ledger=ledger)


def _measure_bundle(
    bundle: str,
    video: Path | None,
    json: Path | None,
    rounds: int,
    engine: EngineName,
    precision: Precision,
    *,
    ledger: bool,
) -> None:
    from edgevision.bench.ledger import measure_ledger
    from edgevision.bench.present import ledger_tables, tables
    from edgevision.bench.report import LedgerReport, Report, encode
    from edgevision.bench.whole import measure
    from edgevision.bundle.resolve import find_bundle
    from edgevision.cli.tables import print_tables
    from edgevision.config.station import EngineSettings
    from edgevision.host.heap import settle

    file, settings = find_bundle(bundle, Path()), EngineSettings(name=engine, precision=precision)
    report: Report | LedgerReport
    with _progress() as on_progress:
        if ledger:
            settle()
            report = measure_ledger(file, Path(), settings, rounds, on_progress)
        else:
            report = measure(file, video, settings, rounds, on_progress)
    print_tables(ledger_tables(report) if isinstance(report, LedgerReport) else tables(report))
    if json is not None:
        _save(json, encode(report))


def _measure_suite(video: Path | None, json: Path | None, rounds: int, turn_s: float | None) -> None:
    from edgevision.bench.suite.markdown import markdown
    from edgevision.bench.suite.report import encode
    from edgevision.bench.suite.run import TURN_S, measure_suite

    with _progress() as on_progress:
        report = measure_suite(video, Path(), rounds, turn_s or TURN_S, on_progress)
    print(markdown(report), end="")
    if json is not None:
        _save(json, encode(report))


def _refuse_idle(*given: tuple[str, object], because: str) -> None:
    """Raise UsageError where something was asked for that would have no effect, for that reason."""
    from edgevision.errors import UsageError

    idle = [name for name, value in given if value]
    if because and idle:
        raise UsageError(f"bench: {because}; leave out {', '.join(idle)}")


def _named(bundle: str | None) -> str:
    """Return the bundle's name; raises UsageError where there is none."""
    from edgevision.errors import UsageError

    if bundle is None:
        raise UsageError("bench: expected a bundle, such as builtin:surface-crack, or --suite; got neither")
    return bundle


def _save(path: Path, content: bytes) -> None:
    from edgevision.errors import OutputError

    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another place") from error


@contextmanager
def _progress() -> "Iterator[Progress]":
    """On a terminal's standard error; nothing is shown elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield status.update
