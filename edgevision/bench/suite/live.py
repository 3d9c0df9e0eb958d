"""Live: from a picture's leaving the camera to its result at a subscriber, 25 pictures of 720p a second.

A whole station with ledger and broker takes turns with a plain loop, and with nothing but decoding and
the model. Camera, broker and subscriber are a process of their own.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing

import cv2
import numpy as np

from edgevision.bench.figures import Spread, spread
from edgevision.bench.present import Table, shown
from edgevision.bench.suite.barcode import read_code
from edgevision.bench.suite.camera import encoded
from edgevision.bench.suite.latency import Delays, delays_of, percentile
from edgevision.bench.suite.report import Part, Row, Target
from edgevision.bench.suite.sessions import onnxruntime_call
from edgevision.bench.suite.setting import Setting
from edgevision.bench.suite.simple import run_simple
from edgevision.bench.suite.witness import Surroundings
from edgevision.bundle.archive import Bundle
from edgevision.bundle.golden import golden_batch
from edgevision.config.station import CameraSettings, LedgerSettings, MqttSettings, Station
from edgevision.daemon.run import Daemon
from edgevision.engines.load import load_engine
from edgevision.errors import EdgeVisionError
from edgevision.ports import Engine
from edgevision.types import Inspected

__all__ = ["measure_live"]

_FPS = 25.0
_TURNS = 2.0
"""A station runs for so many turns at a time."""
_FRAMES_MIN = 20
_OVERTIME = 3.0
_CONNECT_S = 5.0
_JPEGS = 32
_RESULTS_MIN = 10
_COLUMNS = ("what", "p50", "p99", "results", "missed", "duplicated")

Codes = dict[int, int]


def measure_live(setting: Setting) -> Part:
    """Measure latency.

    Raises:
        EngineError: the model does not run.
        EdgeVisionError: there is no broker, or the machine is too busy.
    """
    frames = max(_FRAMES_MIN, round(_TURNS * setting.turn_s * _FPS))
    codes: dict[str, Codes] = {}
    bare: list[Sequence[float]] = []
    with Surroundings(_FPS) as around, closing(load_engine(setting.network, setting.fastest(1))) as engine:
        alone, plain_call = _Alone(setting.network, engine), onnxruntime_call(setting.model)
        for index in range(setting.rounds):
            setting.on_progress(f"live, round {index + 1} of {setting.rounds}")
            bare.append(alone.durations_ms(frames))
            codes[f"station{index}"] = _station(setting, around, f"station{index}", frames)
            codes[f"plain{index}"] = run_simple(plain_call, setting.size_wh, around, f"plain{index}", frames)
        seen = around.witness(sum(map(len, codes.values())))
    delays = {name: delays_of(name, codes[name], seen) for name in codes}
    _require_enough(delays)
    ours = [found for name, found in delays.items() if name.startswith("station")]
    plain = [found for name, found in delays.items() if name.startswith("plain")]
    return _part(bare, ours, plain, around.broker)


def _require_enough(delays: Mapping[str, Delays]) -> None:
    few = [name for name, found in delays.items() if len(found.delays_ms) < _RESULTS_MIN]
    if few:
        raise EdgeVisionError(
            f"live: expected {_RESULTS_MIN} results or more in each turn, got fewer in {', '.join(few)}; "
            "the machine is too busy, or the turns are too short"
        )


class _Alone:
    """Nothing but decoding and the model, at the camera's pace."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self._engine = engine
        self._jpegs = [np.frombuffer(jpeg, np.uint8) for jpeg in encoded(_JPEGS)]
        self._batch = golden_batch(bundle, bundle.manifest.golden[0])

    def durations_ms(self, frames: int) -> list[float]:
        """Return how long each frame took."""
        found = []
        started_s = time.monotonic()
        for index in range(frames):
            time.sleep(max(0.0, started_s + index / _FPS - time.monotonic()))
            began_s = time.perf_counter()
            cv2.imdecode(self._jpegs[index % _JPEGS], cv2.IMREAD_COLOR)
            self._engine.infer(self._batch)
            found.append(1e3 * (time.perf_counter() - began_s))
        return found


def _station(setting: Setting, around: Surroundings, name: str, frames: int) -> Codes:
    """Run a station with a ledger, and return the barcode of each frame."""
    station = Station(
        station=name,
        recipe=setting.recipe.document.path,
        cameras=(CameraSettings(source=around.url),),
        mqtt=MqttSettings(host="127.0.0.1", port=around.port),
        ledger=LedgerSettings(path=setting.folder / f"{name}.db"),
    )
    reader, stop = _CodeReader(), threading.Event()
    daemon = Daemon(station, setting.recipe, observers=[reader], frames=frames)
    overtime = threading.Timer(_CONNECT_S + _OVERTIME * frames / _FPS, stop.set)
    overtime.start()
    try:
        daemon.run(stop)
    finally:
        overtime.cancel()
    return reader.codes


class _CodeReader:
    """A sink that notes which picture each frame was."""

    def __init__(self) -> None:
        self.codes: Codes = {}

    def commit(self, batch: Sequence[Inspected]) -> None:
        for inspected in batch:
            if inspected.frame is not None:
                self.codes[inspected.frame.frame_id] = read_code(inspected.frame.image_bgr)


def _part(
    bare: Sequence[Sequence[float]], ours: Sequence[Delays], plain: Sequence[Delays], broker: str
) -> Part:
    delays_ms = {
        "bare decode and bare model": bare,
        "edgevision run, with a ledger": [one.delays_ms for one in ours],
        "plain loop, ONNX Runtime": [one.delays_ms for one in plain],
    }
    counted: Mapping[str, Sequence[Delays]] = dict(zip(delays_ms, ((), ours, plain), strict=True))
    rows = [(name, *_cells(delays_ms[name], counted[name])) for name in delays_ms]
    missed, duplicated = sum(one.missed for one in ours), sum(one.duplicated for one in ours)
    return Part(
        (
            Row("live: p50 above bare decode + model", Target("at most", 3.0), _above(50, ours, bare), "ms"),
            Row("live: p99 above bare decode + model", Target("at most", 8.0), _above(99, ours, bare), "ms"),
            Row("live: missed frames", Target("at most", 0.0), _exactly(missed)),
            Row("live: duplicated frames", Target("at most", 0.0), _exactly(duplicated)),
        ),
        (Table(f"Live, 720p MJPEG at {_FPS:g} a second, by way of {broker}", _COLUMNS, rows),),
    )


def _cells(delays_ms: Sequence[Sequence[float]], counted: Sequence[Delays]) -> tuple[str, ...]:
    times = [shown(spread(percentile(of, percent) for of in delays_ms), "ms") for percent in (50, 99)]
    if not counted:
        return *times, "", "", ""
    results = sum(len(one.delays_ms) for one in counted)
    missed, duplicated = sum(one.missed for one in counted), sum(one.duplicated for one in counted)
    return *times, str(results), str(missed), str(duplicated)


def _above(percent: int, ours: Sequence[Delays], bare: Sequence[Sequence[float]]) -> Spread:
    pairs = zip(ours, bare, strict=True)
    return spread(percentile(one.delays_ms, percent) - percentile(least, percent) for one, least in pairs)


def _exactly(count: int) -> Spread:
    return Spread(count, count, count)
