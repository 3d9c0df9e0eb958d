"""`python -m export mine`: lists the parts of the sample line that a bundle finds hard."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from export.cli.options import read_recipe

__all__ = ["mine"]


def mine(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle (.zip).")],
    recipe: Annotated[Path, typer.Option("--recipe", metavar="FILE", help="Judge by this recipe.")],
    seed: Annotated[int, typer.Option(min=0, max=1000, help="A training line: `data.hard.seed`.")],
    parts: Annotated[int, typer.Option(min=1, help="How many parts to look at.")] = 10_000,
    engine: Annotated[Literal["onnxruntime", "openvino"], typer.Option(help="What runs it.")] = "onnxruntime",
) -> None:
    """Print hard parts, ready for `data.hard` of a training configuration: numbers, then spots_xy."""
    from edgevision.bundle.archive import open_bundle
    from edgevision.engines.machine import available_threads
    from edgevision.engines.spec import EngineRequest
    from export.mine import hard_parts

    judged_by = read_recipe(recipe)
    assert judged_by is not None
    request = EngineRequest(engine, "int8", threads=available_threads())
    parts_found = list(hard_parts(open_bundle(bundle), request, judged_by, seed, parts))
    print(f"numbers: [{', '.join(str(part.number) for part in parts_found)}]")
    print(f"spots_xy: [{', '.join(str(list(part.spot_xy)) for part in parts_found)}]")
