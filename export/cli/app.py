"""The command line of the workstation half: `python -m export …`. Parses, calls the steps, prints.

Errors a user can cause end in a message and the exit status of `edgevision.errors`, never in a traceback.
"""

import shlex
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.exits import BUG, INTERRUPTED
from edgevision.errors import BundleError, EdgeVisionError, UsageError
from export.cli.belt import belt
from export.cli.cascade import cascade
from export.cli.evaluate import evaluate
from export.cli.identities import identities
from export.cli.marks import marks
from export.cli.mine import mine
from export.cli.options import (
    Data,
    HeldOut,
    ManifestFile,
    Nms,
    Opset,
    QuantizeMethod,
    RecipeFile,
    WorkDir,
    open_step,
    read_recipe,
    say,
    torch_module,
)
from export.cli.results import results
from export.cli.train import (
    Config,
    Folder,
    Out,
    Resume,
    Start,
    Threads,
    train_app,
    train_classifier,
    train_embedder,
    train_ssd,
    train_unet,
)

if TYPE_CHECKING:
    from export.pipeline import Step

__all__ = ["app", "main"]

app = typer.Typer(
    name="python -m export",
    help="From a trained model to a bundle that a station runs: train, convert, quantize, verify, bundle.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(train_app, name="train")
app.command("evaluate")(evaluate)
app.command("cascade")(cascade)
app.command("results")(results)
app.command("mine")(mine)
app.command("marks")(marks)
app.command("belt")(belt)
app.command("identities")(identities)

_Bundle = Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="The bundle to write.")]


@app.command()
def convert(
    source: Annotated[
        str, typer.Argument(metavar="MODEL", help="CHECKPOINT.pt, MODULE:FUNCTION or FILE.onnx")
    ],
    manifest: ManifestFile,
    out: Out,
    data: Data = None,
    opset: Opset = 18,
) -> None:
    """Make the float ONNX model in OUT, and compare it with torch on real inputs."""
    from export.description import read_description
    from export.pipeline import PARITY_INPUTS, adopt_onnx, convert_torch
    from export.sources import load_torch
    from export.subjects import names_to_be, open_subject
    from export.work import Work

    description, work = read_description(manifest), Work(out)
    if source.endswith(".onnx"):
        adopt_onnx(Path(source), description, work)
        say(f"{work.model_path('fp32')}: takes bytes")
        return
    loaded = load_torch(source, description)
    names = names_to_be(loaded.description)
    subject = open_subject(
        loaded.description, loaded.training, names, data, calibration=1, held_out=PARITY_INPUTS
    )
    facts = convert_torch(loaded, opset, subject, work)
    say(
        f"{work.model_path('fp32')}: values within {facts.max_abs_difference:.2g} of torch "
        f"on {facts.compared_inputs} inputs"
    )


@app.command()
def quantize(
    work: WorkDir,
    data: Data = None,
    method: QuantizeMethod = "minmax",
    recipe: RecipeFile = None,
    pictures: HeldOut = 200,
) -> None:
    """Make the int8 model; leave the layers at fault in float until the gate passes."""
    from export.pipeline import quantize as run

    step = open_step(work, data, recipe, pictures)
    if not run(step, method):
        raise BundleError(f"{work}: no choice of layers passes the gate; run verify {work} to see why")
    say(f"{step.work.model_path('int8')}: passes the gate")


@app.command()
def verify(work: WorkDir, data: Data = None, recipe: RecipeFile = None, pictures: HeldOut = 200) -> None:
    """Compare torch, fp32 and int8 on held-out pictures; write gate.json and gate.html."""
    from export.cli.tables import print_gate
    from export.pipeline import verify as run

    step = open_step(work, data, recipe, pictures)
    result = run(step, torch_module(step.work))
    print_gate(result)
    if not result.passed:
        raise BundleError(f"{work}: refused by the gate; see {work / 'gate.html'}")


@app.command()
def bundle(
    out: _Bundle,
    work: Annotated[
        Path | None, typer.Argument(metavar="[WORK]", help="Folder of the earlier steps.")
    ] = None,
    onnx: Annotated[Path | None, typer.Option(help="Your own ONNX model, instead of WORK.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="Its description, in YAML.")] = None,
    data: Data = None,
    method: QuantizeMethod = "minmax",
    recipe: RecipeFile = None,
    pictures: HeldOut = 200,
    nms: Nms = False,
) -> None:
    """Run the gate and, when it passes, write the bundle; with --onnx from a model of your own."""
    if (work is None) == (onnx is None) or (onnx is None) != (manifest is None):
        raise UsageError("expected either WORK, or --onnx FILE with --manifest FILE")
    if onnx is not None and manifest is not None:
        work = out.with_suffix(".work")
        convert(str(onnx), manifest, work)
        quantize(work, data, method, recipe, pictures)
    assert work is not None
    _bundle(out, open_step(work, data, recipe, pictures), nms=nms)


def _bundle(out: Path, step: "Step", *, nms: bool) -> None:
    from export.cli.tables import print_gate
    from export.pipeline import bundle as run

    print_gate(run(step, out, _command(), torch_module(step.work), suppression=nms))
    say(f"{out}: written")


@app.command("all")
def everything(
    config: Config,
    manifest: ManifestFile,
    out: Out,
    data: Folder = None,
    resume: Resume = False,
    start: Start = None,
    threads: Threads = None,
    recipe: RecipeFile = None,
    opset: Opset = 18,
    method: QuantizeMethod = "minmax",
    pictures: HeldOut = 200,
    nms: Nms = False,
) -> None:
    """Train, convert, quantize, verify and bundle; the bundle lands in OUT/NAME.zip."""
    from export.classify.config import is_classifier_config
    from export.description import read_description
    from export.detect.config import is_detector_config
    from export.embed.config import is_embedder_config

    source = None if data is None else str(data)
    name = read_description(manifest).name
    read_recipe(recipe)
    if is_embedder_config(config):
        train_embedder(config, out, resume, threads)
    elif is_classifier_config(config):
        train_classifier(config, out, _required(data, config), resume, start, threads)
    elif is_detector_config(config):
        train_ssd(config, out, _required(data, config), resume, start, threads)
    else:
        train_unet(config, out, data, resume, start, threads)
    convert(str(out / "best.pt"), manifest, out, source, opset)
    quantize(out, source, method, recipe, pictures)
    _bundle(out / f"{name}.zip", open_step(out, source, recipe, pictures), nms=nms)


def _required(data: Path | None, config: Path) -> Path:
    if data is None:
        raise UsageError(f"{config}: expected --data with a folder of labelled pictures")
    return data


def _command() -> str:
    """Return what was typed; of paths outside the present folder only the name, as others have their own."""
    return shlex.join(["python", "-m", "export", *map(_portable, sys.argv[1:])])


def _portable(argument: str) -> str:
    option, equals, value = argument.rpartition("=")
    path = Path(value)
    return option + equals + (path.name if path.is_absolute() or ".." in path.parts else value)


def main() -> None:
    """Run the command line and exit with the status of the error, if any."""
    try:
        app(prog_name="python -m export")
    except EdgeVisionError as error:
        typer.secho(f"export: {error}", fg=typer.colors.RED, err=True)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:  # noqa: BLE001  the last line of defence: every other failure has a class
        traceback.print_exc()
        typer.secho("export: this is a bug; please report it with the lines above.", fg="red", err=True)
        sys.exit(BUG)
