"""What the ledger costs: the loop of a daemon at about a hundred inspections a second, without it and with.

Every inspection runs the model as often as it takes for about 10 ms, so that the loop is busy all the
time and whatever messages, ledger and outbox take is missing. That is little beside what other programs
take meanwhile: short blocks of both kinds follow each other, and what one inspection costs is related to
exactly 10 ms. The CPU time of the threads concerned says more on a busy machine. Parts are good, as most
are. The broker acknowledges at once and is not measured.
"""

import statistics
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count, cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from edgevision.bench.clip import write_clip
from edgevision.bench.facts import machine_facts
from edgevision.bench.figures import spread
from edgevision.bench.recipe import write_recipe
from edgevision.bench.report import LedgerReport
from edgevision.build import Models
from edgevision.bundle.archive import open_bundle
from edgevision.capture.sample import render_part
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import EngineSettings
from edgevision.inspector import Inspector
from edgevision.ledger.journal import Ledger
from edgevision.messages import Topics
from edgevision.mqtt.fake import FakeBroker
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink
from edgevision.ports import FeedCounters, InspectionSink, NewResult
from edgevision.station import Lane
from edgevision.types import Frame, Inspected, Judgement

__all__ = ["measure_ledger"]

_INSPECTION_S = 0.01
_PARTS = 100
_BLOCKS = (False, True, True, False)
"""Of each round: without and with a ledger. A drift within the round hits both alike."""
_PICTURES = 8
_THREADS = ("ledger", "publisher")
_MAX_BYTES = 1_000_000_000
_DELIVER_S = 30.0
_TOPICS = Topics("edgevision", "bench")

Progress = Callable[[str], None]


def measure_ledger(
    bundle_file: Path, folder: Path, settings: EngineSettings, rounds: int, on_progress: Progress
) -> LedgerReport:
    """Measure a ledger in a folder, whose disk counts.

    Raises:
        BundleError: the bundle is refused.
        EngineError: no engine runs the bundle as asked.
        OutputError: nothing can be written in the folder.
    """
    bundle, machine = open_bundle(bundle_file), machine_facts()
    with TemporaryDirectory(prefix="edgevision-bench-", dir=folder) as name:
        on_progress("loading the engine")
        clip = write_clip(Path(name), frames=1)
        calls = _calls_for(write_recipe(Path(name), bundle_file, bundle.manifest, clip), settings)
        recipe = write_recipe(Path(name), bundle_file, bundle.manifest, clip, calls)
        models = Models(recipe, settings, streams=1)
        inspector = models.inspector("bench", is_simulated=True)
        taken = []
        for index in range(rounds):
            on_progress(f"round {index + 1} of {rounds}")
            taken.append(_round(inspector, Path(name, f"ledger{index}.db")))
        models.close()
    return LedgerReport(
        machine=machine,
        bundle=f"{bundle.manifest.name} {bundle.manifest.version}",
        rounds=rounds,
        calls=calls,
        without_hz=spread(turn.without_hz for turn in taken),
        with_hz=spread(turn.with_hz for turn in taken),
        cost_ms=spread(1e3 * turn.cost_s for turn in taken),
        cpu_ms=spread(1e3 * turn.cpu_s for turn in taken),
        ratio=spread(_INSPECTION_S / (_INSPECTION_S + turn.cost_s) for turn in taken),
        commit_p50_ms=spread(1e3 * statistics.median(turn.commits_s) for turn in taken),
        commit_p99_ms=spread(1e3 * statistics.quantiles(turn.commits_s, n=100)[98] for turn in taken),
    )


@dataclass(frozen=True, slots=True)
class _Round:
    without_hz: float
    with_hz: float
    cpu_s: float
    """Of messages, ledger and publisher, for each inspection."""
    commits_s: Sequence[float]

    @property
    def cost_s(self) -> float:
        """By how much the ledger makes an inspection longer."""
        return 1 / self.with_hz - 1 / self.without_hz


def _calls_for(recipe: LoadedRecipe, settings: EngineSettings) -> int:
    """Return how many calls of the model make an inspection of about 10 ms."""
    models = Models(recipe, settings, streams=1)
    inspection_s = _seconds(models.inspector("bench"), ()) / _PARTS
    models.close()
    return max(1, round(_INSPECTION_S / inspection_s))


def _round(inspector: Inspector, file: Path) -> _Round:
    ledger, broker = _TimedLedger(file, str(uuid.uuid4()), max_bytes=_MAX_BYTES), FakeBroker()
    publisher = Publisher(broker, ledger, _TOPICS)
    publisher.start()
    broker.connect()
    sink = _TimedSink(ResultSink(ledger, publisher, _TOPICS))
    taken_s = {False: 0.0, True: 0.0}
    for has_ledger in _BLOCKS:
        taken_s[has_ledger] += _seconds(inspector, [sink] if has_ledger else ())
    parts, cpu_s = _PARTS * len(_BLOCKS) / 2, sink.cpu_s + _threads_cpu_s()
    publisher.stop(_DELIVER_S)
    ledger.close()
    return _Round(parts / taken_s[False], parts / taken_s[True], cpu_s / parts, ledger.commits_s)


def _threads_cpu_s() -> float:
    """Return what the threads of the ledger and the publisher took since they were started."""
    clocks = [
        time.pthread_getcpuclockid(thread.ident)
        for thread in threading.enumerate()
        if thread.name in _THREADS and thread.ident is not None
    ]
    return sum(map(time.clock_gettime, clocks))


def _seconds(inspector: Inspector, sinks: Sequence[InspectionSink]) -> float:
    """Return how long it takes to inspect `_PARTS` parts."""
    lane = Lane(_Pictures(), lambda: inspector, sinks, frames=_PARTS)
    started_s = time.perf_counter()
    lane.start()
    lane.join()
    return time.perf_counter() - started_s


class _TimedSink:
    """Notes the CPU time of a sink."""

    def __init__(self, sink: InspectionSink) -> None:
        self.cpu_s = 0.0
        self._sink = sink

    def commit(self, batch: Sequence[Inspected]) -> None:
        started_s = time.thread_time()
        self._sink.commit(batch)
        self.cpu_s += time.thread_time() - started_s


class _TimedLedger(Ledger):
    """Notes how long each commit took."""

    def __init__(self, path: Path, boot_id: str, *, max_bytes: int) -> None:
        self.commits_s: list[float] = []
        super().__init__(path, boot_id, max_bytes=max_bytes)

    def append(self, results: Sequence[NewResult], on_safe: Callable[[], None]) -> None:
        started_s = time.perf_counter()

        def done() -> None:
            self.commits_s.append(time.perf_counter() - started_s)
            on_safe()

        super().append(results, done)


class _Pictures:
    """A `Feed` of a few good parts of the sample line over and over, without capturing."""

    camera = "bench"
    counters = FeedCounters()
    newest = None
    frames_expected = None
    ended = False

    def __init__(self) -> None:
        parts = (render_part(1, index, camera="bench") for index in count())
        good = (part for part in parts if part.truth and part.truth.judgement is Judgement.OK)
        self._frames = cycle(islice(good, _PICTURES))
        self._next_id = 0

    def start(self) -> None:
        """Do nothing."""

    def take(self, timeout_s: float) -> Frame:  # noqa: ARG002 - the port's signature
        frame = replace(next(self._frames), frame_id=self._next_id, captured_ns=time.monotonic_ns())
        self._next_id += 1
        return frame

    def stop(self) -> None:
        """Do nothing."""
