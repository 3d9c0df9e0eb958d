"""The command line of the workstation half: `python -m export …`. Parses, calls the steps, prints.

Errors a user can cause end in a message and the exit status of `edgevision.errors`, never in a traceback.
"""

import shlex
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli.exits import BUG, INTERRUPTED
from edgevision.errors import BundleError, EdgeVisionError, UsageError
from export.cli.evaluate import evaluate
from export.cli.identities import identities
from export.cli.marks import marks
from export.cli.mine import mine
from export.cli.options import (
    Data,
    HeldOut,
    ManifestFile,
    Opset,
    QuantizeMethod,
    RecipeFile,
    WorkDir,
    open_step,
    read_recipe,
    say,
    torch_module,
)

__all__ = ["app", "main"]

app = typer.Typer(
    name="python -m export",
    help="From a trained model to a bundle that a station runs: train, convert, quantize, verify, bundle.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
train_app = typer.Typer(help="Train a network.", no_args_is_help=True)
app.add_typer(train_app, name="train")
app.command("evaluate")(evaluate)
app.command("mine")(mine)
app.command("marks")(marks)
app.command("identities")(identities)

_Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="A training configuration, in YAML.")]
_Folder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of labelled pictures.")]
_Threads = Annotated[int | None, typer.Option(help="Threads for torch; torch's own choice when absent.")]
_Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last epoch in OUT.")]
_Start = Annotated[
    Path | None,
    typer.Option("--start", metavar="BUNDLE", help="Begin with the weights of a bundle of the same network."),
]
_Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Gets checkpoints, models and reports.")]
_Bundle = Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="The bundle to write.")]


@train_app.command("unet")
def train_unet(
    config: _Config,
    out: _Out,
    data: _Folder = None,
    resume: _Resume = False,
    start: _Start = None,
    threads: _Threads = None,
) -> None:
    """Train a UNet; the best weights land in OUT/best.pt, the report in OUT/report.html."""
    from export.train.config import load_train_config
    from export.train.loop import train_unet as train

    if resume and start is not None:
        raise UsageError("expected --resume or --start, not both; resume goes on with the weights in OUT")
    result = train(load_train_config(config), out, data_dir=data, resume=resume, start=start, threads=threads)
    print(f"{result.checkpoint}: mean IoU {result.metrics.mean_iou:.4f} after {result.epochs} epochs")


@train_app.command("ssd")
def train_ssd(
    config: _Config,
    out: _Out,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of labelled boxes.")],
    resume: _Resume = False,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start", metavar="FILE", help="Begin with its weights, as far as they fit: .pt, .pth."
        ),
    ] = None,
    threads: _Threads = None,
) -> None:
    """Train a detector; the best weights land in OUT/best.pt, the report in OUT/report.html."""
    from export.detect.config import load_detect_config
    from export.detect.loop import train_ssd as train

    if resume and start is not None:
        raise UsageError("expected --resume or --start, not both; resume goes on with the weights in OUT")
    result = train(load_detect_config(config), out, data, resume=resume, start=start, threads=threads)
    print(f"{result.checkpoint}: mAP at IoU 0.5 {result.metrics.mean_ap:.4f} after {result.epochs} epochs")


@train_app.command("embedder")
def train_embedder(config: _Config, out: _Out, resume: _Resume = False, threads: _Threads = None) -> None:
    """Train an embedder on drawn identities; the best weights land in OUT/best.pt."""
    from export.embed.config import load_embed_config
    from export.embed.loop import train_embedder as train

    result = train(load_embed_config(config), out, resume=resume, threads=threads)
    figures = result.metrics
    print(
        f"{result.checkpoint}: EER {figures['eer']:.4f}, TAR {figures['tar_1e3']:.4f} at FAR 1e-3 "
        f"after {result.epochs} epochs"
    )


@train_app.command("classifier")
def train_classifier(
    config: _Config,
    out: _Out,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of pictures by class.")],
    resume: _Resume = False,
    threads: _Threads = None,
) -> None:
    """Train a classifier; the best weights, with their temperature, land in OUT/best.pt."""
    from export.classify.config import load_classify_config
    from export.classify.loop import train_classifier as train

    result = train(load_classify_config(config), out, data, resume=resume, threads=threads)
    figures = result.metrics
    print(
        f"{result.checkpoint}: accuracy {figures['accuracy']:.4f}, mean recall {figures['balanced']:.4f}, "
        f"ECE {figures['ece']:.4f} after {result.epochs} epochs"
    )


@app.command()
def convert(
    source: Annotated[
        str, typer.Argument(metavar="MODEL", help="CHECKPOINT.pt, MODULE:FUNCTION or FILE.onnx")
    ],
    manifest: ManifestFile,
    out: _Out,
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
) -> None:
    """Run the gate and, when it passes, write the bundle; with --onnx from a model of your own."""
    if (work is None) == (onnx is None) or (onnx is None) != (manifest is None):
        raise UsageError("expected either WORK, or --onnx FILE with --manifest FILE")
    if onnx is not None and manifest is not None:
        work = out.with_suffix(".work")
        convert(str(onnx), manifest, work)
        quantize(work, data, method, recipe, pictures)
    assert work is not None
    _bundle(work, out, data, recipe, pictures)


def _bundle(work: Path, out: Path, data: str | None, recipe: Path | None, pictures: int) -> None:
    from export.cli.tables import print_gate
    from export.pipeline import bundle as run

    step = open_step(work, data, recipe, pictures)
    print_gate(run(step, out, _command(), torch_module(step.work)))
    say(f"{out}: written")


@app.command("all")
def everything(
    config: _Config,
    manifest: ManifestFile,
    out: _Out,
    data: _Folder = None,
    resume: _Resume = False,
    start: _Start = None,
    threads: _Threads = None,
    recipe: RecipeFile = None,
    opset: Opset = 18,
    method: QuantizeMethod = "minmax",
    pictures: HeldOut = 200,
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
        train_classifier(config, out, _required(data, config), resume, threads)
    elif is_detector_config(config):
        train_ssd(config, out, _required(data, config), resume, start, threads)
    else:
        train_unet(config, out, data, resume, start, threads)
    convert(str(out / "best.pt"), manifest, out, source, opset)
    quantize(out, source, method, recipe, pictures)
    _bundle(out, out / f"{name}.zip", source, recipe, pictures)


def _required(data: Path | None, config: Path) -> Path:
    if data is None:
        raise UsageError(f"{config}: expected --data with a folder of labelled pictures")
    return data


def _command() -> str:
    return shlex.join(["python", "-m", "export", *sys.argv[1:]])


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
