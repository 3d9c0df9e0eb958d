"""`python -m export evaluate`: measures a finished bundle through the device's code."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgevision.errors import UsageError
from export.cli.options import RecipeFile, give_figures, read_recipe

__all__ = ["evaluate"]


def evaluate(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle (.zip).")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="A labelled folder, or sample:SEED.")],
    split: Annotated[str, typer.Option(help="Which split of the folder.")] = "val",
    frames: Annotated[int, typer.Option(min=1, help="How many parts of sample:SEED.")] = 1000,
    engine: Annotated[Literal["onnxruntime", "openvino"], typer.Option(help="What runs it.")] = "onnxruntime",
    precision: Annotated[Literal["int8", "fp32"], typer.Option(help="Which of its models.")] = "int8",
    recipe: RecipeFile = None,
    out: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here too.")
    ] = None,
) -> None:
    """Measure a bundle on labelled pictures: a table on stderr, JSON on stdout."""
    from edgevision.bundle.archive import open_bundle
    from edgevision.engines.machine import available_threads
    from edgevision.engines.spec import EngineRequest
    from export.classify.evaluate import evaluate_classify
    from export.cli.tables import print_detect_evaluation, print_evaluation
    from export.detect.evaluate import evaluate_detect
    from export.evaluate import evaluate as measure
    from export.evaluate import labelled_folder, recipe_of
    from export.materials import line_parts, line_seed

    opened = open_bundle(bundle)
    request = EngineRequest(engine, precision, threads=available_threads())
    if opened.manifest.task == "embed":
        raise UsageError(f"{bundle}: an embedder; measure it by python -m export identities")
    if opened.manifest.task == "classify":
        give_figures(evaluate_classify(opened, request, Path(data), split), out)
        return
    if opened.manifest.task == "detect":
        boxes = evaluate_detect(opened, request, read_recipe(recipe), Path(data), split)
        print_detect_evaluation(boxes)
        give_figures(boxes.as_values(), out)
        return
    labels = opened.manifest.labels
    seed = line_seed(data)
    samples = labelled_folder(Path(data), split, labels) if seed is None else line_parts(seed, frames, labels)
    name = f"{Path(data).name}, split {split}" if seed is None else f"sample line, seed {seed}"
    found = measure(opened, request, read_recipe(recipe) or recipe_of(opened.manifest), samples, name)
    print_evaluation(found)
    give_figures(found.as_values(), out)
