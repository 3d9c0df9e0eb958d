"""Options that several commands share, and what they open."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgevision.config.document import load_recipe
from edgevision.errors import OutputError, UsageError
from edgevision.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

    from export.pipeline import Step
    from export.work import Work

__all__ = [
    "Data",
    "HeldOut",
    "ManifestFile",
    "Nms",
    "Opset",
    "QuantizeMethod",
    "RecipeFile",
    "WorkDir",
    "check_writable",
    "give_figures",
    "open_step",
    "read_recipe",
    "say",
    "torch_module",
    "write_figures",
]

CALIBRATION_PICTURES = 64

Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        "--calibration",
        metavar="DATA",
        help="Pictures to calibrate with and to judge by: a folder, labelled or not, or sample:SEED.",
    ),
]
HeldOut = Annotated[int, typer.Option("--pictures", min=4, help="Most held-out pictures to judge by.")]
ManifestFile = Annotated[
    Path, typer.Option("--manifest", metavar="FILE", help="What you say about the model, in YAML.")
]
Opset = Annotated[int, typer.Option(min=17, max=20, help="ONNX operator set.")]
QuantizeMethod = Annotated[
    Literal["minmax", "percentile"], typer.Option("--method", help="How activation ranges are found.")
]
RecipeFile = Annotated[
    Path | None,
    typer.Option("--recipe", metavar="FILE", help="Judge by this recipe; any defect is NG without it."),
]
Nms = Annotated[
    bool, typer.Option("--nms", help="Put decoding and suppression of doubles into the graphs of an SSD.")
]
WorkDir = Annotated[Path, typer.Argument(metavar="WORK", help="The folder that convert made.")]


def open_step(folder: Path, data: str | None, recipe: Path | None, pictures: int) -> "Step":
    """Open a work folder with its pictures. Raises UsageError or ConfigError."""
    from export.pipeline import Step
    from export.subjects import names_of, open_subject
    from export.work import Work

    work = Work(folder)
    facts = work.read_facts()
    subject = open_subject(
        facts.description,
        facts.training,
        names_of(work.read_model("fp32")),
        data,
        read_recipe(recipe),
        calibration=CALIBRATION_PICTURES,
        held_out=pictures,
    )
    return Step(work, subject, say)


def read_recipe(file: Path | None) -> Recipe | None:
    """Read a recipe with one step; its bundle is not opened. Raises ConfigError or UsageError."""
    if file is None:
        return None
    recipe = load_recipe(file).recipe
    if len(recipe.tasks) != 1:
        raise UsageError(
            f"{file}: expected a recipe with one task to judge one model, got {len(recipe.tasks)}"
        )
    return recipe


def torch_module(work: "Work") -> "nn.Module | None":
    """Return the torch model of a work folder, or None, said aloud, where it is gone or never was."""
    from export.sources import load_torch

    facts = work.read_facts()
    if facts.max_abs_difference is None:
        return None
    try:
        return load_torch(facts.source, facts.given).module
    except UsageError as error:
        say(f"torch is left out of the comparison: {error}")
        return None


def say(message: str) -> None:
    """Tell the person at the terminal."""
    typer.echo(message, err=True)


def give_figures(values: Mapping[str, object], out: Path | None) -> None:
    """Print figures as JSON and, where a file is named, write them there too. Raises OutputError."""
    text = json.dumps(values, indent=2)
    typer.echo(text)
    if out is not None:
        write_figures(out, text + "\n")


def check_writable(path: Path) -> None:
    """Tell a wrong path before the work; leave nothing where there was nothing. Raises OutputError."""
    is_new = not path.exists()
    try:
        path.open("a").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def write_figures(path: Path, text: str) -> None:
    """Write figures to a file. Raises OutputError."""
    try:
        path.write_text(text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror}; check the folder")
