"""`python -m export train …`: trains the networks, and the options that `all` shares with it."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.errors import UsageError

__all__ = [
    "Config",
    "Folder",
    "Out",
    "Resume",
    "Start",
    "Threads",
    "train_app",
    "train_classifier",
    "train_embedder",
    "train_ssd",
    "train_unet",
]

train_app = typer.Typer(help="Train a network.", no_args_is_help=True)

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="A training configuration, in YAML.")]
Folder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of labelled pictures.")]
Threads = Annotated[int | None, typer.Option(help="Threads for torch; torch's own choice when absent.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last epoch in OUT.")]
Start = Annotated[
    Path | None,
    typer.Option(
        "--start",
        metavar="FILE",
        help="Begin with the weights of a bundle of the same network; unet-efficient also with `imagenet`.",
    ),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Gets checkpoints, models and reports.")]


@train_app.command("unet")
def train_unet(
    config: Config,
    out: Out,
    data: Folder = None,
    resume: Resume = False,
    start: Start = None,
    threads: Threads = None,
) -> None:
    """Train a UNet; the best weights land in OUT/best.pt, the report in OUT/report.html."""
    from export.train.config import load_train_config
    from export.train.loop import train_unet as train

    _require_one_beginning(start, resume=resume)
    result = train(load_train_config(config), out, data_dir=data, resume=resume, start=start, threads=threads)
    print(f"{result.checkpoint}: mean IoU {result.metrics.mean_iou:.4f} after {result.epochs} epochs")


@train_app.command("ssd")
def train_ssd(
    config: Config,
    out: Out,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of labelled boxes.")],
    resume: Resume = False,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start", metavar="FILE", help="Begin with its weights, as far as they fit: .pt, .pth."
        ),
    ] = None,
    threads: Threads = None,
) -> None:
    """Train a detector; the best weights land in OUT/best.pt, the report in OUT/report.html."""
    from export.detect.config import load_detect_config
    from export.detect.loop import train_ssd as train

    _require_one_beginning(start, resume=resume)
    result = train(load_detect_config(config), out, data, resume=resume, start=start, threads=threads)
    print(f"{result.checkpoint}: mAP at IoU 0.5 {result.metrics.mean_ap:.4f} after {result.epochs} epochs")


@train_app.command("embedder")
def train_embedder(config: Config, out: Out, resume: Resume = False, threads: Threads = None) -> None:
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
    config: Config,
    out: Out,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of pictures by class.")],
    resume: Resume = False,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start",
            metavar="FILE",
            help="The segmenter whose maps a unet-lite weighs: .pt; of ImageNet for a vgg16-bn: .pth; for "
            "efficient: .pth or `imagenet`.",
        ),
    ] = None,
    threads: Threads = None,
) -> None:
    """Train a classifier; the best weights, with their temperature, land in OUT/best.pt."""
    from export.classify.config import load_classify_config
    from export.classify.loop import train_classifier as train

    _require_one_beginning(start, resume=resume)
    result = train(load_classify_config(config), out, data, resume=resume, start=start, threads=threads)
    figures = result.metrics
    print(
        f"{result.checkpoint}: accuracy {figures['accuracy']:.4f}, mean recall {figures['balanced']:.4f}, "
        f"ECE {figures['ece']:.4f} after {result.epochs} epochs"
    )


def _require_one_beginning(start: Path | None, *, resume: bool) -> None:
    if resume and start is not None:
        raise UsageError("expected --resume or --start, not both; resume goes on with the weights in OUT")
