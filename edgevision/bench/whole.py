"""The whole benchmark of one bundle on this machine."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edgevision.bench.clip import write_clip
from edgevision.bench.facts import machine_facts, video_facts
from edgevision.bench.figures import loop_figures, spread
from edgevision.bench.recipe import write_recipe
from edgevision.bench.report import Loop, Model, PostProcess, Report, Start
from edgevision.bench.rounds import Pieces, Round
from edgevision.bench.start import Started
from edgevision.bundle.archive import open_bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.spec import EngineRequest

__all__ = ["Progress", "measure"]

Progress = Callable[[str], None]
"""Gets a few words about what is being done."""


def measure(
    bundle_file: Path, video: Path | None, settings: EngineSettings, rounds: int, on_progress: Progress
) -> Report:
    """Measure a bundle on this machine.

    Args:
        bundle_file: The bundle.
        video: What the loop inspects; a clip of the sample line is made when absent.
        settings: An engine on which the loop runs, besides the one that `auto` chooses.
        rounds: How often everything is measured.
        on_progress: Is told what is being done.

    Raises:
        BundleError: the bundle is refused.
        CaptureError: the video cannot be read, or not to its end.
        EngineError: no engine runs the bundle as asked.
    """
    bundle = open_bundle(bundle_file)
    detect = bundle.manifest.detect
    with TemporaryDirectory(prefix="edgevision-bench-") as name:
        on_progress("preparing the video")
        path = video or write_clip(Path(name), stands_still=detect is not None and detect.inputs == "pair")
        facts, machine = video_facts(path, is_made=video is None), machine_facts()
        on_progress("loading the engines")
        recipe = write_recipe(Path(name), bundle_file, bundle.manifest, path)
        with Pieces(bundle, recipe, path, settings) as pieces:
            taken = _rounds(pieces, rounds, on_progress)
    return Report(
        machine=machine,
        bundle=f"{bundle.manifest.name} {bundle.manifest.version}",
        bundle_sha256=bundle.sha256,
        input_size_wh=bundle.manifest.input.size_wh,
        rounds=rounds,
        video=facts,
        models=tuple(_model(request, taken) for request in pieces.models),
        refused={_named(request): reason for request, reason in pieces.refused.items()},
        decode_rate_hz=spread(turn.decode.rate_hz for turn in taken),
        decode_cpu_ms=spread(1e3 * turn.decode.cpu_s_per_unit for turn in taken),
        loops=tuple(_loop(request, taken, machine.cores) for request in pieces.loops),
        start=_start([turn.start for turn in taken]),
        postprocess=_postprocess(pieces, taken),
    )


def _rounds(pieces: Pieces, rounds: int, on_progress: Progress) -> list[Round]:
    taken = []
    for index in range(rounds):
        on_progress(f"round {index + 1} of {rounds}")
        taken.append(pieces.round())
    return taken


def _model(request: EngineRequest, taken: Sequence[Round]) -> Model:
    calls = [turn.calls[request] for turn in taken]
    return Model(
        engine=request.engine,
        provider=request.provider,
        precision=request.precision,
        latency_ms=spread(1e3 * turn.latency_s[request] for turn in taken),
        rate_hz=spread(burst.rate_hz for burst in calls),
        cpu_ms=spread(1e3 * burst.cpu_s_per_unit for burst in calls),
    )


def _loop(request: EngineRequest, taken: Sequence[Round], cores: int) -> Loop:
    figures = loop_figures(
        cores,
        loops=[turn.loops[request] for turn in taken],
        models=[turn.calls[request] for turn in taken],
        decodes=[turn.decode for turn in taken],
    )
    return Loop(request.engine, request.provider, request.precision, figures)


def _start(taken: Sequence[Started]) -> Start:
    return Start(
        import_s=spread(started.import_s for started in taken),
        first_verdict_s=spread(started.first_verdict_s for started in taken),
        peak_mb=spread(started.peak_mb for started in taken),
    )


def _postprocess(pieces: Pieces, taken: Sequence[Round]) -> PostProcess | None:
    if pieces.postprocessing is None:
        return None
    times_s = [turn.postprocess_s for turn in taken if turn.postprocess_s is not None]
    return PostProcess(pieces.postprocessing.candidates, spread(1e3 * time_s for time_s in times_s))


def _named(request: EngineRequest) -> str:
    return f"{request.engine} {request.provider} {request.precision}"
