"""`edgevision bundle`: shows what is in a bundle and verifies that it can be trusted here."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from edgevision.bundle.archive import Bundle
    from edgevision.engines.spec import EngineName, EngineRequest

__all__ = ["app"]

app = typer.Typer(help="Look into bundles, the sealed models.", no_args_is_help=True)

_File = Annotated[str, typer.Argument(metavar="FILE", help="A bundle (.zip), or builtin:NAME.")]
_PIPE_WIDTH = 160


@app.command()
def show(file: _File) -> None:
    """Print what a bundle holds: labels, accuracy, licence, provenance, files."""
    from edgevision.bundle.present import describe

    card = describe(_open(file))
    _table("Bundle", ("", ""), [(row.title, row.value) for row in card.summary])
    _table("Accuracy", ("split (samples)", "metric", "fp32", "int8"), card.accuracy)
    _table("Training data", ("name", "licence", "attribution", "use"), card.provenance)
    _table(
        "Files", ("name", "bytes", "sha256"), [(f.name, f"{f.size_bytes:,}", f.sha256) for f in card.files]
    )
    _table("Made with", ("tool", "version"), [(row.title, row.value) for row in card.tools])


@app.command()
def verify(
    file: _File,
    engine: Annotated[
        Literal["all", "onnxruntime", "openvino"], typer.Option(help="Which engine runs the golden samples.")
    ] = "all",
) -> None:
    """Verify every hash, and the golden samples on every engine that is installed here.

    Exits with 4 and the reason when the bundle is damaged or an engine does not reproduce its samples.
    """
    from edgevision.engines.spec import EngineRequest
    from edgevision.errors import BundleError

    bundle = _open(file)
    print(
        f"{file}: {bundle.manifest.name} {bundle.manifest.version}, {len(bundle.manifest.files)} hashes fit"
    )
    failures: list[BundleError] = []
    for name in _installed_engines() if engine == "all" else [engine]:
        for precision in bundle.manifest.models:
            try:
                print(f"  {_golden_line(bundle, EngineRequest(name, precision))}")
            except BundleError as error:
                print(f"  {name} {precision}: refused")
                failures.append(error)
    if failures:
        raise type(failures[0])("\n".join(map(str, failures)))


def _open(file: str) -> "Bundle":
    from edgevision.bundle.archive import open_bundle
    from edgevision.bundle.resolve import find_bundle

    return open_bundle(find_bundle(file, Path()))


def _installed_engines() -> "list[EngineName]":
    from importlib.util import find_spec
    from typing import get_args

    from edgevision.engines.spec import EngineName
    from edgevision.errors import EngineError

    found: list[EngineName] = [name for name in get_args(EngineName) if find_spec(name) is not None]
    if not found:
        raise EngineError("no engine is installed; install one: pip install 'edgevision[cpu]'")
    return found


def _golden_line(bundle: "Bundle", request: "EngineRequest") -> str:
    from edgevision.bundle.golden import check_golden
    from edgevision.engines.load import load_engine

    engine = load_engine(bundle, request)
    try:
        report = check_golden(bundle, request.precision, engine.infer)
    finally:
        engine.close()
    most = {
        "segment": f"at most {report.differing_max:.3%} of pixels differ",
        "detect": f"at most {report.differing_max:.3%} of findings differ",
        "embed": f"cosine at least {1 - report.differing_max:.4f}",
        "classify": f"probabilities within {report.differing_max:.4f}",
    }[bundle.manifest.task]
    return (
        f"{engine.info.engine} {engine.info.version} {engine.info.provider} {request.precision}: "
        f"{len(report.results)} golden samples reproduce, {most}"
    )


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    if table.row_count:
        console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
        console.print(table)
        console.print()
