"""`edgevision gallery`: who is enrolled in the gallery of a recipe; removing and exporting them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgevision.gallery.content import Gallery
    from edgevision.gallery.file import GalleryFile

__all__ = ["app"]

app = typer.Typer(help="See, remove and export who is enrolled.", no_args_is_help=True)

_Recipe = Annotated[Path, typer.Option(metavar="FILE", help="The recipe that the gallery belongs to.")]
_Step = Annotated[str | None, typer.Option(help="Which recognise step, where the recipe has several.")]


@app.command("list")
def list_enrolled(recipe: _Recipe, step: _Step = None) -> None:
    """Print each name with the number of its examples, of its kept images, and the last one's time."""
    gallery = _read(_file(recipe, step))
    for name, count in gallery.counts.items():
        entries = gallery.only(name).entries
        images = sum(entry.image_png is not None for entry in entries)
        print(f"{name}  {count} examples, {images} images, last {max(entry.added for entry in entries)}")
    if not gallery.counts:
        print("nobody is enrolled any more; begin with `edgevision enrol`")


@app.command()
def remove(name: str, recipe: _Recipe, step: _Step = None) -> None:
    """Remove every example and image of a name. Copies of the file made by others are not known here."""
    file = _file(recipe, step)
    before = _read(file)
    after = file.change(lambda gallery: (gallery or before).without(name))
    print(f"{name}: {before.counts[name]} examples removed; {len(after.counts)} enrolled")


@app.command()
def export(
    recipe: _Recipe,
    step: _Step = None,
    name: Annotated[str | None, typer.Option(help="Only this person or variant.")] = None,
) -> None:
    """Print what is stored as JSON, in the clear: names, times, embeddings, kept images."""
    from edgevision.gallery.export import exported

    gallery = _read(_file(recipe, step))
    sys.stdout.write(exported(gallery if name is None else gallery.only(name)))


def _file(recipe: Path, step_name: str | None) -> "GalleryFile":
    from edgevision.assembly import gallery_file
    from edgevision.config.document import load_recipe
    from edgevision.enrol import recognise_step

    loaded = load_recipe(recipe)
    _, step = recognise_step(loaded, step_name)
    return gallery_file(step, loaded.base_dir)


def _read(file: "GalleryFile") -> "Gallery":
    from edgevision.errors import GalleryError

    gallery = file.read()
    if gallery is None:
        raise GalleryError(f"{file.path}: nobody is enrolled; begin with `edgevision enrol`")
    return gallery
