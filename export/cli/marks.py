"""`python -m export marks`: parts of the sample line, with boxes around their marks, as a training set."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["marks"]


def marks(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Gets pictures and boxes in YOLO's format.")],
    seed: Annotated[int, typer.Option(min=0, max=1000, help="Of the line.")] = 21,
    train: Annotated[int, typer.Option(min=1, help="Parts to train on.")] = 1200,
    val: Annotated[int, typer.Option(min=1, help="Parts to choose by.")] = 200,
) -> None:
    """Write parts of the sample line to train a detector of marks with."""
    from export.detect.line import write_marks

    write_marks(out, seed, train, val)
    print(f"{out}: {train} parts to train on, {val} to choose by")
