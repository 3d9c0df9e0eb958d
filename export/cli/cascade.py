"""`python -m export cascade`: measures what a recipe's cascade misses, for the recipe to be accepted."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from export.cli.options import check_writable, say, write_figures

__all__ = ["cascade"]


def cascade(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="One segment step with a cascade.")],
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT…", help="Recordings, folders, pictures or sample:SEED.")
    ],
    frames: Annotated[int | None, typer.Option(min=1, help="At most so many of each input.")] = None,
    engine: Annotated[Literal["onnxruntime", "openvino"], typer.Option(help="What runs it.")] = "onnxruntime",
    precision: Annotated[Literal["int8", "fp32"], typer.Option(help="Which of its models.")] = "int8",
) -> None:
    """Look at every picture with the cascade and without; write what differs where the recipe says.

    Exits with 3 when an input was damaged: every readable picture has then been measured.
    """
    from edgevision.bundle.archive import open_bundle
    from edgevision.bundle.resolve import find_bundle
    from edgevision.capture.address import redacted
    from edgevision.config.cascade import cascade_problem
    from edgevision.config.document import load_recipe
    from edgevision.engines.machine import available_threads
    from edgevision.engines.spec import EngineRequest
    from edgevision.errors import TruncatedInput
    from edgevision.replay.inputs import expanded, open_recordings
    from export.cascade import cascade_step_of, frames_of, measure_cascade

    loaded = load_recipe(recipe)
    step = cascade_step_of(loaded.recipe)
    assert step.cascade is not None
    bundle = open_bundle(find_bundle(step.bundle, loaded.base_dir))
    request = EngineRequest(engine, precision, threads=available_threads())
    addresses, damage = expanded(inputs), list[str]()
    pictures = frames_of(open_recordings(addresses, frames), frames, damage)
    data = ", ".join(Path(redacted(address)).name for address in addresses)
    out = loaded.base_dir / Path(step.cascade.measured).expanduser()
    check_writable(out)
    found = measure_cascade(bundle, request, loaded.recipe, pictures, data)
    say(
        f"{out}: {found.missed} of {found.defects} defects missed, with 95 % confidence at most "
        f"{found.miss_rate_at_most:.3%}; {found.judged_otherwise} of {found.pictures} pictures judged "
        f"otherwise; {found.calls_with_cascade} calls of the network instead of {found.calls}, "
        f"{found.cpu_s_with_cascade:.1f} s of processor time instead of {found.cpu_s:.1f} s"
    )
    write_figures(out, found.model_dump_json(by_alias=True, indent=2) + "\n")
    problem = cascade_problem(step, bundle.sha256, found)
    if problem:
        say(f"the recipe will be refused: {problem}")
    if damage:
        raise TruncatedInput("\n".join(damage))
