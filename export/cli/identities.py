"""`python -m export identities`: measures an embed bundle through all stages of recognition."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from edgevision.errors import UsageError
from export.cli.options import write_figures

__all__ = ["identities"]


def identities(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="An embed bundle (.zip).")],
    line: Annotated[
        int | None,
        typer.Option(min=0, max=1000, help="Seed of a line of the sample line, instead of folders."),
    ] = None,
    variants: Annotated[int, typer.Option(min=2, help="How many variants of that line to enrol.")] = 200,
    first: Annotated[int, typer.Option(min=0, help="Number of the first of them.")] = 500_000,
    gallery: Annotated[Path | None, typer.Option(metavar="DIR", help="Pictures to enrol, NAME.jpg.")] = None,
    probes: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Other pictures of them, NAME.jpg.")
    ] = None,
    unknown: Annotated[Path | None, typer.Option(metavar="DIR", help="Pictures of others, NAME.jpg.")] = None,
    detector: Annotated[
        Path | None,
        typer.Option(metavar="BUNDLE", help="Finds them; else boxes are believed or the picture is all."),
    ] = None,
    worsen_px: Annotated[
        float | None,
        typer.Option(
            min=8, help="Shrink what is found in probes to this width, blur it, add noise, JPEG 60."
        ),
    ] = None,
    engine: Annotated[Literal["onnxruntime", "openvino"], typer.Option(help="What runs it.")] = "onnxruntime",
    precision: Annotated[Literal["int8", "fp32"], typer.Option(help="Which of the models.")] = "int8",
    out: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here too.")
    ] = None,
) -> None:
    """Enrol, probe, and report verification and identification; JSON on stdout."""
    from edgevision.bundle.archive import open_bundle
    from edgevision.engines.machine import available_threads
    from edgevision.engines.spec import EngineRequest
    from export.embed.evaluate import evaluate_embed
    from export.embed.people import cast_of_line, cast_of_pictures

    if line is not None:
        cast = cast_of_line(line, variants, variants, first)
    elif gallery is not None and probes is not None and unknown is not None:
        cast = cast_of_pictures(gallery, probes, unknown)
    else:
        raise UsageError("expected either --line SEED, or --gallery, --probes and --unknown")
    request = EngineRequest(engine, precision, threads=available_threads())
    found_by = None if detector is None else open_bundle(detector)
    found = evaluate_embed(open_bundle(bundle), found_by, request, cast, worsen_px)
    text = json.dumps(found.as_values(), indent=2)
    print(text)
    if out is not None:
        write_figures(out, text + "\n")
