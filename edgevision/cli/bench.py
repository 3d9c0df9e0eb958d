"""`edgevision bench`: how fast this machine runs a bundle, alone and in the whole loop."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.engine import EngineName, Precision

if TYPE_CHECKING:
    from edgevision.bench.present import Table
    from edgevision.bench.suite import Progress

__all__ = ["bench"]

_PIPE_WIDTH = 160


def bench(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle (.zip), or builtin:NAME.")],
    video: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What to inspect; a 720p clip is made otherwise.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures as JSON.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Measure everything so often, in turns.")] = 5,
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
    """
    from edgevision.bench.ledger import measure_ledger
    from edgevision.bench.present import ledger_tables, tables
    from edgevision.bench.report import LedgerReport, Report, encode
    from edgevision.bench.suite import measure
    from edgevision.bundle.resolve import find_bundle
    from edgevision.config.station import EngineSettings
    from edgevision.host.heap import settle
    from edgevision.host.logs import set_up_logs

    set_up_logs("warning")
    file = find_bundle(bundle, Path())
    settings = EngineSettings(name=engine, precision=precision)
    if json is not None:
        _save(json, b"")  # A wrong path is told before minutes of measuring.
    report: Report | LedgerReport
    with _progress() as on_progress:
        if ledger:
            settle()
            report = measure_ledger(file, Path(), settings, rounds, on_progress)
        else:
            report = measure(file, video, settings, rounds, on_progress)
    _print(ledger_tables(report) if isinstance(report, LedgerReport) else tables(report))
    if json is not None:
        _save(json, encode(report))


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


def _print(tables: "Iterable[Table]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    for content in tables:
        shown = Table(
            title=content.title,
            title_justify="left",
            box=None,
            pad_edge=False,
            show_header=any(content.columns),
        )
        for column in content.columns:
            shown.add_column(column, overflow="fold")
        for row in content.rows:
            shown.add_row(*map(Text, row))
        console.print(shown)
        console.print()
