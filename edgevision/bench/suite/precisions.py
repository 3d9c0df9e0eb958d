"""int8 against fp32 of every shipped bundle on every engine, all in turns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

from edgevision.bench.figures import Spread, spread
from edgevision.bench.measure import BareModel
from edgevision.bench.present import Table, shown
from edgevision.bench.suite.report import Part, Row, Target
from edgevision.bench.suite.setting import Setting, shipped
from edgevision.bench.suite.turns import in_turns, loadable
from edgevision.bundle.archive import Bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import candidates

__all__ = ["measure_precisions"]

_GAINS = {"segment": 2.5, "detect": 1.6, "embed": 1.4}
_GAIN_ON_ONNXRUNTIME = 1.6
_COLUMNS = ("bundle", "engine", "latency fp32", "latency int8", "÷", "rate fp32", "rate int8", "÷")

Key = tuple[str, str]
"""Engine and precision."""


@dataclass(frozen=True, slots=True)
class _Turn:
    latency_ms: float
    rate_hz: float


Taken = Mapping[Key, Sequence[_Turn]]


def measure_precisions(setting: Setting) -> Part:
    """Measure latency and rate of each shipped bundle in both precisions; raises EngineError."""
    rows: list[Row] = []
    lines: list[tuple[str, ...]] = []
    for bundle in shipped():
        if "int8" in bundle.manifest.models:
            taken, refused = _measured(bundle, setting)
            rows += _rows(bundle, taken)
            lines += _lines(bundle, taken, refused)
    return Part(tuple(rows), (Table("int8 and fp32", _COLUMNS, lines),))


def _measured(bundle: Bundle, setting: Setting) -> tuple[Taken, Mapping[Key, str]]:
    requests = candidates(bundle, EngineSettings(), setting.calls)
    makers: dict[Key, Callable[[], BareModel]] = {
        (f"{request.engine} {request.provider}", request.precision): partial(
            BareModel, bundle, request, setting.burst_cpu_s
        )
        for request in requests
    }
    models, refused = loadable(makers)
    with ExitStack() as stack:
        for model in models.values():
            stack.enter_context(closing(model))
        turns = {key: partial(_turn, model) for key, model in models.items()}
        name = f"int8 and fp32 of {bundle.manifest.name}"
        return in_turns(turns, setting.rounds, name, setting.on_progress), refused


def _turn(model: BareModel) -> _Turn:
    return _Turn(1e3 * model.latency_s(), model.throughput().rate_hz)


def _rows(bundle: Bundle, taken: Taken) -> Iterator[Row]:
    name, task = bundle.manifest.name, bundle.manifest.task
    engines = [engine for engine, precision in taken if precision == "int8"]
    if not engines:
        yield Row(f"{name}: int8 ÷ fp32", note="no engine of this machine runs its int8 model")
        return
    fastest = max(engines, key=lambda engine: _rates(taken[engine, "int8"]).median)
    target = Target("at least", _GAINS[task]) if task in _GAINS else None
    if (fastest, "fp32") in taken:
        gain = _gain(taken[fastest, "int8"], taken[fastest, "fp32"])
        yield Row(f"{name}: int8 ÷ fp32 in rate, {fastest}", target, gain)
    usual = ("onnxruntime cpu", "fp32")
    if task == "detect" and usual in taken:
        gain = _gain(taken[fastest, "int8"], taken[usual])
        yield Row(
            f"{name}: int8, {fastest} ÷ fp32, ONNX Runtime", Target("at least", _GAIN_ON_ONNXRUNTIME), gain
        )


def _lines(bundle: Bundle, taken: Taken, refused: Mapping[Key, str]) -> Iterator[tuple[str, ...]]:
    name = bundle.manifest.name
    for engine in dict.fromkeys(engine for engine, _ in (*taken, *refused)):
        reasons = [refused[key] for key in ((engine, "fp32"), (engine, "int8")) if key in refused]
        if reasons:
            yield name, engine, f"does not run: {'; '.join(reasons)}", *("",) * 5
            continue
        fp32, int8 = taken[engine, "fp32"], taken[engine, "int8"]
        yield (
            *(name, engine, _latency(fp32), _latency(int8)),
            shown(spread(a.latency_ms / b.latency_ms for a, b in zip(fp32, int8, strict=True))),
            *(shown(_rates(fp32), "/s"), shown(_rates(int8), "/s"), shown(_gain(int8, fp32))),
        )


def _latency(turns: Sequence[_Turn]) -> str:
    return shown(spread(turn.latency_ms for turn in turns), "ms")


def _rates(turns: Sequence[_Turn]) -> Spread:
    return spread(turn.rate_hz for turn in turns)


def _gain(faster: Sequence[_Turn], slower: Sequence[_Turn]) -> Spread:
    return spread(a.rate_hz / b.rate_hz for a, b in zip(faster, slower, strict=True))
