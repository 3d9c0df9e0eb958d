"""Runs one piece of work and takes its time: the model alone, the decoder alone, the whole loop.

What the figures mean is `bench.figures`; the order of the pieces is `bench.rounds`.
"""

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bench.figures import Burst
from edgevision.build import Models
from edgevision.bundle.archive import Bundle
from edgevision.bundle.golden import golden_batch
from edgevision.capture.video import decoder_threads
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import EngineSettings
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.ports import Engine
from edgevision.replay.play import Replay

__all__ = ["BURST_CPU_S", "BareModel", "Loop", "bare_decode", "burst", "metered"]

BURST_CPU_S = 1.0
"""How long a model is called in one round, so that a busy machine gives as many calls as an idle one."""
_BURST_WALL_S = 10.0
"""The longest a burst may take."""


def metered(work: Callable[[], int]) -> Burst:
    """Do some work, which says how many units it did, and take wall and CPU time of the process."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    units = work()
    return Burst(units, time.perf_counter() - wall_s, time.process_time() - cpu_s)


class BareModel:
    """One engine with one precision, loaded as a live camera and as a replay would use it."""

    def __init__(self, bundle: Bundle, request: EngineRequest, burst_cpu_s: float = BURST_CPU_S) -> None:
        """Load both; raises EngineError or BundleError."""
        self._burst_cpu_s = burst_cpu_s
        self._batch = golden_batch(bundle, bundle.manifest.golden[0])
        self.parallel = load_engine(bundle, request)
        """As many calls at once as the request has streams."""
        self._single = load_engine(bundle, replace(request, streams=1))

    def latency_s(self) -> float:
        """Return the median of single calls that may use all threads."""
        durations: list[float] = []
        goes_on = burst(self._burst_cpu_s)
        while not durations or goes_on():
            durations.append(metered(lambda: _called(self._single, self._batch)).wall_s)
        return statistics.median(durations)

    def throughput(self) -> Burst:
        """Keep every stream busy; a unit is one call."""
        goes_on = burst(self._burst_cpu_s)

        def work() -> int:
            calls = 0
            while calls == 0 or goes_on():
                calls += _called(self.parallel, self._batch)
            return calls

        streams = self.parallel.info.streams
        with ThreadPoolExecutor(streams) as pool:
            return metered(lambda: sum(done.result() for done in [pool.submit(work) for _ in range(streams)]))

    def call(self) -> None:
        """Infer one batch; as many threads at once as `parallel` has streams."""
        _called(self.parallel, self._batch)

    def close(self) -> None:
        """Free both."""
        self.parallel.close()
        self._single.close()


def burst(most_cpu_s: float) -> Callable[[], bool]:
    """Begin a burst; what is returned says whether it goes on."""
    wall_s, cpu_s = time.perf_counter() + _BURST_WALL_S, time.process_time() + most_cpu_s
    return lambda: time.perf_counter() < wall_s and time.process_time() < cpu_s


def _called(engine: Engine, batch: npt.NDArray[np.uint8]) -> int:
    engine.infer(batch)
    return 1


def bare_decode(video: Path, frames: int | None = None) -> Burst:
    """Read a video to its end, or so many frames, with the decoder threads of the loop; a unit is a frame."""
    return metered(lambda: _frames_of(video, frames))


def _frames_of(video: Path, most: int | None) -> int:
    threads = decoder_threads(len(os.sched_getaffinity(0)))
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
    frames = 0
    while frames != most and capture.read()[0]:
        frames += 1
    capture.release()
    return frames


class Loop:
    """The replay of a recipe on one video: the objects that the command `replay` runs."""

    def __init__(self, recipe: LoadedRecipe, settings: EngineSettings, workers: int) -> None:
        """Load the recipe's models; raises EngineError or BundleError."""
        self._models = Models(recipe, settings, streams=workers)
        self._replay = Replay(recipe, self._models, workers=workers)

    def run(self, video: Path, frames: int | None = None) -> Burst:
        """Inspect every frame of a video, or so many; raises CaptureError."""
        return metered(lambda: self._inspected(video, frames))

    def _inspected(self, video: Path, frames: int | None) -> int:
        summary = self._replay.play([str(video)], [], frames=frames)
        summary.raise_damage()
        return summary.tally.total

    def close(self) -> None:
        """Free the models."""
        self._models.close()
