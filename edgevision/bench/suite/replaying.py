"""Replay: the loop against its bound and against the loops of other programs, all in turns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial

from edgevision.bench.figures import Burst, Spread, loop_figures, spread
from edgevision.bench.measure import BareModel, Loop, bare_decode
from edgevision.bench.present import Table, shown
from edgevision.bench.suite.loops import plain_loop, side_by_side, skilled_loop
from edgevision.bench.suite.report import Part, Row, Target
from edgevision.bench.suite.sessions import Call, InferQueue, onnxruntime_call, opencv_call, openvino_call
from edgevision.bench.suite.setting import Setting
from edgevision.bench.suite.turns import in_turns, loadable
from edgevision.config.station import EngineSettings

__all__ = ["measure_replay"]

_WARM_FRAMES = 8
_SLOWEST = 2.0
"""A loop that takes so many turns is cut off."""

_MODEL, _DECODE, _PLAIN = "model", "decode", "plain loop, ONNX Runtime"
_BOTH = "decoder and model side by side, nothing else"
_COLUMNS = ("loop", "rate", "÷ plain loop", "share of the bound", "CPU per frame", "CPU, decode + model = 1")

Turn = Callable[[int], Burst]
"""Runs something over so many frames."""
Taken = Mapping[str, Sequence[Burst]]


def measure_replay(setting: Setting) -> Part:
    """Measure throughput and CPU time per frame; raises EngineError, BundleError or CaptureError."""
    request = setting.fastest(setting.calls)
    ours = f"edgevision replay, {request.engine} {request.precision}"
    others, refused = loadable(_others(setting))
    with ExitStack() as stack:
        model = stack.enter_context(closing(BareModel(setting.network, request, setting.burst_cpu_s)))
        loop = stack.enter_context(closing(Loop(setting.recipe, EngineSettings(), setting.calls)))
        both = partial(side_by_side, model.call, setting.calls, setting.video)
        loops: dict[str, Turn] = {ours: partial(loop.run, setting.video), **others, _BOTH: both}
        turns: dict[str, Turn] = {
            _MODEL: lambda _: model.throughput(),
            _DECODE: partial(bare_decode, setting.video),
            **loops,
        }
        for turn in turns.values():
            turn(_WARM_FRAMES)
        whole = {name: partial(turn, setting.frames) for name, turn in turns.items()}
        taken = in_turns(whole, setting.rounds, "replay", setting.on_progress)
    rows = [_table_row(name, setting.cores, taken) for name in loops]
    rows += [(name, f"does not run: {reason}", *("",) * 4) for name, reason in refused.items()]
    return Part(tuple(_rows(ours, setting.cores, taken)), (Table("Replay", _COLUMNS, rows),))


def _others(setting: Setting) -> dict[str, Callable[[], Turn]]:
    """Return what loads the loops that other programs would run, and lets each prove that it runs."""
    model, size_wh, most_s = setting.model, setting.size_wh, _SLOWEST * setting.turn_s

    def plain(load: Callable[[bytes], Call]) -> Turn:
        call = load(model)
        plain_loop(call, size_wh, setting.video, 1, most_s)
        return lambda frames: plain_loop(call, size_wh, setting.video, frames, most_s)

    def skilled() -> Turn:
        queue = InferQueue(model, lambda answer: answer.max())
        return lambda frames: skilled_loop(queue, size_wh, setting.video, frames)

    return {
        _PLAIN: partial(plain, onnxruntime_call),
        "plain loop, OpenVINO": partial(plain, openvino_call),
        "plain loop, OpenCV DNN": partial(plain, opencv_call),
        "decode thread and OpenVINO's queue": skilled,
    }


def _rows(ours: str, cores: int, taken: Taken) -> Iterator[Row]:
    figures = loop_figures(cores, taken[ours], taken[_MODEL], taken[_DECODE])
    yield Row("replay: share of the work-conserving bound", Target("at least", 0.93), figures.share)
    if _PLAIN in taken:
        yield Row("replay: rate ÷ plain loop on ONNX Runtime", Target("at least", 1.7), _gain(ours, taken))
    yield Row("replay: CPU per frame ÷ (bare model + decode)", Target("at most", 1.1), figures.cpu_ratio)


def _gain(name: str, taken: Taken) -> Spread:
    pairs = zip(taken[name], taken[_PLAIN], strict=True)
    return spread(loop.rate_hz / plain.rate_hz for loop, plain in pairs)


def _table_row(name: str, cores: int, taken: Taken) -> tuple[str, ...]:
    figures = loop_figures(cores, taken[name], taken[_MODEL], taken[_DECODE])
    return (
        name,
        shown(figures.rate_hz, "/s"),
        shown(_gain(name, taken)) if _PLAIN in taken else "",
        shown(figures.share),
        shown(figures.cpu_ms, "ms"),
        shown(figures.cpu_ratio),
    )
