"""`python -m export belt`: parts of the sample line anywhere on a wide belt, to measure cascades on."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["belt"]


def belt(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Gets pictures and a truth.csv.")],
    seed: Annotated[int, typer.Option(min=0, max=999_999, help="Of the belt.")] = 1,
    parts: Annotated[int, typer.Option(min=1, help="How many pictures of one part each.")] = 1000,
) -> None:
    """Write pictures of 1280 x 960 in which a part of the sample line lies anywhere."""
    from export.data.belt import write_belt

    write_belt(out, seed, parts)
    print(f"{out}: {parts} parts")
