"""`edgevision bundle`: shows what is in a bundle and verifies that it can be trusted here."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(help="Look into bundles, the sealed models.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A bundle (.zip).")]


@app.command()
def show(file: _File) -> None:
    """Print what a bundle holds: labels, accuracy, licence, provenance, files."""
    raise NotImplementedError(file)


@app.command()
def verify(file: _File) -> None:
    """Verify every hash, and the golden samples on every engine that is installed here."""
    raise NotImplementedError(file)
