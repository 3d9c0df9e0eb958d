"""`python -m export results`: measures what `edgevision replay` found, without running anything."""

from pathlib import Path
from typing import Annotated

import typer

from export.cli.options import give_figures

__all__ = ["results"]


def results(
    file: Annotated[Path, typer.Argument(metavar="RESULTS", help="What edgevision replay --out wrote.")],
    data: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of labelled boxes.")],
    split: Annotated[str, typer.Option(help="Which split of the folder.")] = "val",
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="From which score boxes count for the F-score.")
    ] = 0.5,
    out: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here too.")
    ] = None,
) -> None:
    """Compare results of a replay with labelled boxes: a table on stderr, JSON on stdout.

    Average precision needs boxes of low scores: replay with --min-score 0.01.
    """
    from export.cli.tables import print_curves
    from export.detect.folder import labels_of, read_boxes
    from export.detect.results import evaluate_results

    found = evaluate_results(file, read_boxes(data, split, labels_of(data, split)), threshold)
    print_curves(f"{file.name}: {found.pictures} pictures, {found.data}", found, threshold)
    give_figures({"data": found.data, "pictures": found.pictures, "figures": found.figures}, out)
