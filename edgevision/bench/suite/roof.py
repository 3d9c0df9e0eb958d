"""How near the UNet comes to what this machine can do in int8, as a large matrix product shows it."""

from collections.abc import Callable
from contextlib import closing
from functools import partial

import numpy as np

from edgevision.bench.figures import Burst, spread
from edgevision.bench.measure import BareModel, burst, metered
from edgevision.bench.present import Table, shown
from edgevision.bench.suite.matrix import matrix_product
from edgevision.bench.suite.report import Part, Row, Target
from edgevision.bench.suite.sessions import Batch, InferQueue, onnxruntime_call
from edgevision.bench.suite.setting import Setting
from edgevision.bench.suite.turns import in_turns, loadable
from edgevision.errors import EngineError

__all__ = ["measure_roof"]

_SIZE = 2048
_GMAC = _SIZE**3 / 1e9
_SEED = 2
_TITLE = "UNet int8: share of the machine's int8 peak"

Turn = Callable[[], Burst]


def measure_roof(setting: Setting) -> Part:
    """Measure the peak of every engine, and the UNet on the fastest one; raises EngineError, BundleError."""
    gmac = setting.network.manifest.gmac
    if gmac is None:
        return Part((Row(_TITLE, note="the bundle does not say how many multiplications it takes"),))
    products = _products(setting)
    request = setting.fastest(setting.calls)
    name = f"UNet on {request.engine} {request.precision}"
    with closing(BareModel(setting.network, request, setting.burst_cpu_s)) as model:
        turns = {name: model.throughput, **products}
        in_turns(turns, 1, "int8 peak, warming up", setting.on_progress)
        taken = in_turns(turns, setting.rounds, "int8 peak", setting.on_progress)
    work = {name: gmac} | dict.fromkeys(products, _GMAC)
    rates = {key: [work[key] * turn.rate_hz for turn in bursts] for key, bursts in taken.items()}
    peaks = [max(of_round) for of_round in zip(*(rates[key] for key in products), strict=True)]
    share = spread(rate / peak for rate, peak in zip(rates[name], peaks, strict=True))
    rows = [
        (key, shown(spread(rates[key])), shown(spread(work[key] / turn.cpu_s_per_unit for turn in bursts)))
        for key, bursts in taken.items()
    ]
    table = Table("int8 peak", ("what", "GMAC/s, all cores", "GMAC per CPU second"), rows)
    return Part((Row(_TITLE, Target("at least", 0.5), share),), (table,))


def _products(setting: Setting) -> dict[str, Turn]:
    """Return the matrix product on each engine that has it; raises EngineError when none has."""
    model = matrix_product(_SIZE)
    batch = np.random.default_rng(_SEED).integers(0, 256, (_SIZE, _SIZE)).astype(np.uint8)

    def one_after_the_other() -> Turn:
        call = onnxruntime_call(model)
        return partial(_burst, call, lambda: None, batch, setting.burst_cpu_s)

    def one_on_each_core() -> Turn:
        queue = InferQueue(model, lambda _: None)
        return partial(_burst, queue.put, queue.wait, batch, setting.burst_cpu_s)

    names = f"matrix product of {_SIZE} on"
    turns, refused = loadable(
        {f"{names} ONNX Runtime": one_after_the_other, f"{names} OpenVINO": one_on_each_core}
    )
    if not turns:
        raise EngineError("; ".join(refused.values()))
    return turns


def _burst(
    begin: Callable[[Batch], object], wait: Callable[[], object], batch: Batch, most_cpu_s: float
) -> Burst:
    def work() -> int:
        calls, goes_on = 0, burst(most_cpu_s)
        while calls == 0 or goes_on():
            begin(batch)
            calls += 1
        wait()
        return calls

    return metered(work)
