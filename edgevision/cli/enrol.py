"""`edgevision enrol`: pictures of one person or variant into the gallery of a recipe."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli.engine import EngineName, Precision

__all__ = ["enrol"]


def enrol(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Each shows one, and it well.")],
    recipe: Annotated[Path, typer.Option(metavar="FILE", help="Has a recognise step.")],
    name: Annotated[str, typer.Option(help="Of the person or variant; a known one gets more examples.")],
    step: Annotated[
        str | None, typer.Option(help="Which recognise step, where the recipe has several.")
    ] = None,
    keep_images: Annotated[
        bool, typer.Option("--keep-images", help="Store the aligned crops too; without, numbers only.")
    ] = False,
    engine: EngineName = "auto",
    precision: Precision = "auto",
) -> None:
    """Add examples to the gallery of a recipe: of every picture, or of none when one does not serve.

    A running station takes them up when its recipe is loaded again.
    """
    from edgevision.config.document import load_recipe
    from edgevision.config.station import EngineSettings
    from edgevision.enrol import enrol as run
    from edgevision.host.logs import set_up_logs

    set_up_logs("warning")
    settings = EngineSettings(name=engine, precision=precision)
    gallery = run(load_recipe(recipe), step, name, images, settings=settings, keep_images=keep_images)
    print(f"{name}: {len(images)} added, {gallery.counts[name]} in all; {len(gallery.counts)} enrolled")
