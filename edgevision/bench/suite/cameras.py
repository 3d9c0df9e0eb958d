"""Four cameras on one model: what they reach together beside one alone, and how evenly it is shared."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from edgevision.bench.figures import Burst, spread
from edgevision.bench.measure import Loop
from edgevision.bench.present import Table, shown
from edgevision.bench.suite.report import Part, Row, Target
from edgevision.bench.suite.setting import Setting
from edgevision.build import Models, open_feed
from edgevision.config.station import CameraSettings, EngineSettings
from edgevision.station import Lane
from edgevision.types import Inspected

__all__ = ["measure_cameras"]

_CAMERAS = 4


@dataclass(frozen=True, slots=True)
class _Together:
    """What all cameras had done when the first of them was through."""

    counts: Sequence[int]
    wall_s: float

    @property
    def rate_hz(self) -> float:
        return sum(self.counts) / self.wall_s

    @property
    def unevenness(self) -> float:
        """Return how far the camera that is farthest from the mean is away from it, as a share."""
        mean = sum(self.counts) / len(self.counts)
        return max(abs(count - mean) for count in self.counts) / mean


def measure_cameras(setting: Setting) -> Part:
    """Measure recordings that run as fast as they can; raises EngineError, BundleError or CaptureError."""
    streams = min(_CAMERAS, setting.calls)
    alone: list[Burst] = []
    together: list[_Together] = []
    with (
        closing(Loop(setting.recipe, EngineSettings(), setting.calls)) as loop,
        closing(Models(setting.recipe, EngineSettings(), streams)) as models,
    ):
        for index in range(setting.rounds):
            setting.on_progress(f"{_CAMERAS} cameras, round {index + 1} of {setting.rounds}")
            alone.append(loop.run(setting.video, setting.frames))
            together.append(_run(models, setting))
    share = spread(many.rate_hz / one.rate_hz for many, one in zip(together, alone, strict=True))
    uneven = spread(100 * many.unevenness for many in together)
    table = Table(
        "Cameras on one model",
        ("cameras", "rate of all"),
        [
            ("1", shown(spread(one.rate_hz for one in alone), "/s")),
            (str(_CAMERAS), shown(spread(many.rate_hz for many in together), "/s")),
        ],
    )
    return Part(
        (
            Row(f"{_CAMERAS} cameras: rate of all ÷ one stream's", Target("at least", 0.95), share),
            Row(f"{_CAMERAS} cameras: farthest from an even share", Target("at most", 5.0), uneven, "%"),
        ),
        (table,),
    )


def _run(models: Models, setting: Setting) -> _Together:
    """Run lanes as a station of several cameras does, until one of them is through."""
    is_over = threading.Event()
    counters = [_Counter(setting.frames, is_over.set) for _ in range(_CAMERAS)]
    lanes = [_lane(models, setting, number, counter) for number, counter in enumerate(counters, start=1)]
    started_s = time.perf_counter()
    for lane in lanes:
        lane.start()
    while not is_over.wait(1.0) and all(lane.is_running for lane in lanes):
        pass
    found = _Together([counter.count for counter in counters], time.perf_counter() - started_s)
    for lane in lanes:
        lane.stop()
    for lane in lanes:
        lane.join()
    return found


def _lane(models: Models, setting: Setting, number: int, counter: "_Counter") -> Lane:
    name = f"cam{number}"
    inspector = models.inspector("bench", is_simulated=True)
    feed = open_feed(CameraSettings(name=name, source=str(setting.video.absolute())))
    return Lane(feed, lambda: inspector, [counter], frames=setting.frames)


class _Counter:
    """A sink that counts, and says when it has counted enough."""

    def __init__(self, enough: int, on_enough: Callable[[], None]) -> None:
        self._enough, self._on_enough = enough, on_enough
        self.count = 0

    def commit(self, batch: Sequence[Inspected]) -> None:
        self.count += len(batch)
        if self.count >= self._enough:
            self._on_enough()
