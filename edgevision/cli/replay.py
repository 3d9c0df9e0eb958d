"""`edgevision replay`: recordings through the station's own inspector, into files."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.engine import EngineName, Precision

if TYPE_CHECKING:
    from edgevision.config.document import LoadedRecipe
    from edgevision.config.station import EngineSettings
    from edgevision.ports import InspectionSink
    from edgevision.recipe import Recipe
    from edgevision.replay.play import Progress, Summary
    from edgevision.tally import Tally

__all__ = ["replay"]


_Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...", help="Video files, image folders, images, recorded sessions, sample:SEED."
    ),
]
_Recipe = Annotated[Path, typer.Option(metavar="FILE", help="What to inspect and how to judge.")]
_Out = Annotated[Path, typer.Option(metavar="FILE", help="One JSON line per frame.")]
_Masks = Annotated[Path | None, typer.Option(metavar="DIR", help="Write one PNG of class ids per frame.")]
_Video = Annotated[
    Path | None, typer.Option(metavar="OUT.mp4", help="Write a video with findings and judgement.")
]
_Page = Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write a page about it, in one file.")]
_MinScore = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="Detect steps: report from this score on; judge as ever."),
]
_Ray = Annotated[
    str | None, typer.Option(metavar="auto|HOST:PORT", help="Spread the work over a running Ray cluster.")
]
_Frames = Annotated[int | None, typer.Option(min=1, help="At most this many frames of each input.")]


def replay(
    inputs: _Inputs,
    recipe: _Recipe,
    out: _Out,
    masks: _Masks = None,
    annotate: _Video = None,
    report: _Page = None,
    min_score: _MinScore = None,
    ray: _Ray = None,
    frames: _Frames = None,
    engine: EngineName = "auto",
    precision: Precision = "auto",
) -> None:
    """Inspect every frame of recordings, in order, and write what the station would publish.

    The same input gives the same lines but for timings. Exits with 3 when an input was damaged:
    every readable frame has then been inspected.
    """
    from edgevision.cli.outputs import keep_apart
    from edgevision.config.document import load_recipe
    from edgevision.config.station import EngineSettings
    from edgevision.host.logs import set_up_logs
    from edgevision.replay.inputs import expanded, open_recordings
    from edgevision.replay.reporting import check_writable, write_replay

    set_up_logs("warning")
    loaded = load_recipe(recipe)
    inputs = expanded(inputs)
    open_recordings(inputs, frames)  # A mistyped input is told before anything is written.
    keep_apart([*inputs, recipe], [out, annotate, report], _mask_folders(loaded.recipe, masks))
    _check_tasks(loaded.recipe, masks, min_score)
    _check_places(ray, masks, annotate)
    if report is not None:
        check_writable(report)
    settings = EngineSettings(name=engine, precision=precision)
    with ExitStack() as stack:
        on_progress = stack.enter_context(_progress_bar())
        if ray is not None:
            summary = _replay_on(ray, inputs, loaded, settings, out, min_score, frames, on_progress)
        else:
            sinks = _sinks(stack, out, masks, annotate)
            summary = _replay_here(inputs, loaded, settings, sinks, min_score, frames, on_progress)
    if report is not None:
        write_replay(report, out, loaded.recipe, inputs, frames)
    if summary.tally.by_truth:
        _print_truth_table(summary.tally)
    print(f"frames {summary.tally.total} seconds {summary.seconds:.3f}")
    summary.raise_damage()


def _replay_here(
    inputs: list[str],
    loaded: "LoadedRecipe",
    engine: "EngineSettings",
    sinks: "list[InspectionSink]",
    min_score: float | None,
    frames: int | None,
    on_progress: "Progress",
) -> "Summary":
    """Replay on all cores of this machine."""
    from edgevision.build import Models
    from edgevision.engines.machine import parallel_calls
    from edgevision.replay.play import Replay

    workers = parallel_calls()
    with closing(Models(loaded, engine, streams=workers)) as models:
        replaying = Replay(loaded, models, workers, min_score)
        return replaying.play(inputs, sinks, frames=frames, on_progress=on_progress)


def _mask_folders(recipe: "Recipe", masks: Path | None) -> list[Path]:
    if masks is None:
        return []
    return [masks, *(masks / step.name for step in recipe.tasks if len(recipe.tasks) > 1)]


def _check_tasks(recipe: "Recipe", masks: Path | None, min_score: float | None) -> None:
    """Refuse what no step of the recipe can give; raises UsageError."""
    from edgevision.errors import UsageError

    tasks = {step.task for step in recipe.tasks}
    if masks is not None and "segment" not in tasks:
        raise UsageError(
            f"--masks: recipe {recipe.name} has no segment step, so there are no masks; leave it out"
        )
    if min_score is not None and "detect" not in tasks:
        raise UsageError(
            f"--min-score: recipe {recipe.name} has no detect step; what a segment step reports follows from "
            "its pixel_threshold, which is judged too"
        )


def _check_places(ray: str | None, masks: Path | None, annotate: Path | None) -> None:
    """Refuse what needs the pixels here, which stay where they are inspected; raises UsageError."""
    from edgevision.errors import UsageError

    if ray is not None and (masks is not None or annotate is not None):
        raise UsageError(
            "--ray: masks and annotated videos are written on one machine only; leave out either"
        )


def _replay_on(
    address: str,
    inputs: list[str],
    loaded: "LoadedRecipe",
    engine: "EngineSettings",
    out: Path,
    min_score: float | None,
    frames: int | None,
    on_progress: "Progress",
) -> "Summary":
    """Replay on a cluster, with the engine that this machine would use."""
    from edgevision.build import Models
    from edgevision.replay.cluster import pinned, replay_on_ray
    from edgevision.replay.pieces import Job

    models = Models(loaded, engine, streams=1)
    job = Job(loaded.document.path.absolute(), pinned(engine, models), models.refs, min_score)
    models.close()
    return replay_on_ray(address, inputs, job, out, frames=frames, on_progress=on_progress)


def _sinks(stack: ExitStack, out: Path, masks: Path | None, annotate: Path | None) -> "list[InspectionSink]":
    from edgevision.replay.annotated import AnnotatedVideo
    from edgevision.replay.inputs import CAMERA
    from edgevision.replay.outputs import MaskFolder, ResultLines

    sinks: list[InspectionSink] = [stack.enter_context(ResultLines(out, station=CAMERA))]
    if masks is not None:
        sinks.append(MaskFolder(masks))
    if annotate is not None:
        sinks.append(stack.enter_context(AnnotatedVideo(annotate)))
    return sinks


@contextmanager
def _progress_bar() -> "Iterator[Progress]":
    """On a terminal's standard error; nothing is shown elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("frames"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("frames", total=None)
        yield lambda done, expected: bar.update(task, completed=done, total=expected)


def _print_truth_table(tally: "Tally") -> None:
    from edgevision.types import Judgement

    print(f"{'truth':<8}{'OK':>8}{'NG':>8}{'ND':>8}")
    for truth in (Judgement.OK, Judgement.NG):
        cells = "".join(f"{tally.by_truth[truth, judged]:>8}" for judged in Judgement)
        print(f"{truth.value:<8}{cells}")
    escapes = tally.by_truth[Judgement.NG, Judgement.OK]
    false_ng = tally.by_truth[Judgement.OK, Judgement.NG]
    print(f"escapes {escapes}, false NG {false_ng}, ND {tally.judgements[Judgement.ND]}")
