"""What detection and recognition cost beside their models: boxes, alignment, matching."""

from collections.abc import Callable
from contextlib import closing
from functools import partial

import numpy as np

from edgevision.bench.figures import Spread, spread
from edgevision.bench.postprocess import PostProcessing
from edgevision.bench.present import Table, shown
from edgevision.bench.suite.report import Part, Row, Target
from edgevision.bench.suite.setting import Setting, shipped
from edgevision.bundle.archive import Bundle
from edgevision.bundle.golden import golden_batch
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import choose_engine
from edgevision.engines.load import load_engine
from edgevision.engines.measure import median_ms
from edgevision.ops.embed import Matcher, normalised
from edgevision.ports import Engine
from edgevision.recipe import RecogniseStep, Region
from edgevision.tasks.embedder import Embedder
from edgevision.types import Frame

__all__ = ["measure_stages"]

_FRAME_WH = (1280, 720)
_REGION_XYXY = (540, 260, 740, 460)
_SIZES = (10_000, 50_000, 100_000, 200_000)
_REQUIRED_SIZE = 100_000
_MATCH_MS = 8.0
_DIMENSIONS = 128
_MATCHING_S = 0.2
_SEED = 3


def measure_stages(setting: Setting) -> Part:
    """Measure the shipped detectors and embedders, and matching; raises EngineError or BundleError."""
    rows: list[Row] = []
    for bundle in shipped():
        measure = {"detect": _boxes, "embed": _embedding}.get(bundle.manifest.task)
        if measure is not None:
            with closing(_engine(bundle)) as engine:
                rows.append(measure(bundle, engine, setting))
    matching, table = _matching(setting)
    return Part((*rows, matching), (table,))


def _engine(bundle: Bundle) -> Engine:
    precision = "int8" if "int8" in bundle.manifest.models else "fp32"
    return load_engine(bundle, choose_engine(bundle, EngineSettings(precision=precision)).request)


def _boxes(bundle: Bundle, engine: Engine, setting: Setting) -> Row:
    reading = PostProcessing(bundle, engine)
    times_ms = [1e3 * reading.seconds() for _ in range(setting.rounds)]
    name = f"{bundle.manifest.name}: post-processing of {reading.candidates} candidates"
    return Row(name, Target("at most", 0.5), spread(times_ms), "ms")


def _embedding(bundle: Bundle, engine: Engine, setting: Setting) -> Row:
    """Compare cutting out, aligning, checking and embedding with the model alone."""
    step = RecogniseStep(
        name="bench",
        task="recognise",
        gallery="bench",
        bundle=str(bundle.source),
        region=Region(rectangle_xyxy=_REGION_XYXY),
    )
    embedder = Embedder(step, bundle.manifest, engine)
    pixels = np.random.default_rng(_SEED).integers(0, 256, (*_FRAME_WH[::-1], 3)).astype(np.uint8)
    frame = Frame(pixels, "bench", 0, 0, 0)
    batch = golden_batch(bundle, bundle.manifest.golden[0])
    calls: list[Callable[[], object]] = [partial(embedder.look, frame), partial(engine.infer, batch)]
    taken = [median_ms(calls, setting.burst_cpu_s) for _ in range(setting.rounds)]
    ratio = spread(whole / model for whole, model in taken)
    ran = f"{engine.info.engine} {engine.info.precision}"
    name = f"{bundle.manifest.name}: align and embed ÷ bare model, {ran}"
    return Row(name, Target("at most", 1.5), ratio)


def _matching(setting: Setting) -> tuple[Row, Table]:
    """Match one embedding against galleries of growing size, on one core."""
    rng = np.random.default_rng(_SEED)
    rows = rng.standard_normal((_SIZES[-1], _DIMENSIONS), np.float32)
    probe = normalised(rng.standard_normal(_DIMENSIONS, np.float32))
    found: dict[int, Spread] = {}
    for size in _SIZES:
        setting.on_progress(f"matching against {size:,} entries")
        matcher = Matcher(["one"] * size, rows[:size])
        call = partial(matcher.match, probe)
        found[size] = spread(median_ms([call], _MATCHING_S)[0] for _ in range(setting.rounds))
    quick = [size for size, time_ms in found.items() if time_ms.median <= _MATCH_MS]
    note = f"up to {max(quick):,} entries within {_MATCH_MS:g} ms" if quick else ""
    lines = [
        (f"{size:,}", shown(time_ms, "ms"), f"{1e6 * time_ms.median / size:.0f} ns")
        for size, time_ms in found.items()
    ]
    name = f"matching against {_REQUIRED_SIZE:,} entries"
    row = Row(name, Target("at most", _MATCH_MS), found[_REQUIRED_SIZE], "ms", note)
    return row, Table(f"Matching, {_DIMENSIONS} dimensions", ("entries", "time", "per entry"), lines)
