"""`edgevision check`: validates a station or a recipe, and all that it refers to, without running it."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["check"]


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A station or a recipe, in YAML.")],
) -> None:
    """Validate a station or recipe file without running it.

    A station's recipe, the bundles of a recipe and the labels in its rules are checked too.
    """
    from edgevision.config.document import LoadedStation, load_any

    loaded = load_any(file)
    if isinstance(loaded, LoadedStation):
        print(f"{file}: station {loaded.station.station}")
    else:
        print(f"{file}: recipe {loaded.recipe.name}")
