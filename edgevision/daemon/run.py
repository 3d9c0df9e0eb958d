"""Composes a station, supervises it, and stops it in order.

Inspecting is the lanes' work, delivering the publisher's; here they are put together,
looked after, and at the end everything inspected is given the time to be delivered.
"""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edgevision import __version__
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import CameraSettings, LedgerSettings, Station
from edgevision.daemon.controls import Controls
from edgevision.daemon.keeping import Keeping
from edgevision.daemon.lines import Line, open_line
from edgevision.daemon.machine import host_facts
from edgevision.daemon.page import StationPage
from edgevision.daemon.recipes import ActiveRecipe
from edgevision.daemon.teller import Teller
from edgevision.daemon.voice import Voice
from edgevision.daemon.watch import camera_conditions, engine_conditions, repair_conditions
from edgevision.engines.machine import available_threads
from edgevision.errors import CaptureError
from edgevision.ledger.journal import Ledger
from edgevision.messages import MachineState, Topics
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.homeassistant import announce
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink
from edgevision.ports import InspectionSink

__all__ = ["Daemon"]

_log = logging.getLogger(__name__)

_SUPERVISE_EVERY_S = 0.25
_STOP_TIMEOUT_S = 3.0
_FAREWELL_S = 0.5


class Daemon:
    """A station that runs until it is told to stop, or until its recordings are over."""

    def __init__(
        self,
        station: Station,
        recipe: LoadedRecipe,
        *,
        observers: Sequence[InspectionSink] = (),
        frames: int | None = None,
        file: Path | None = None,
    ) -> None:
        """Load the models and open the outbox; nothing runs yet.

        Args:
            station: The settings.
            recipe: What the station inspects.
            observers: Sinks besides the station's own.
            frames: Stop each camera after so many frames.
            file: Where the settings came from; `reload` reads it again.

        Raises:
            ConfigError: the broker's settings name files that cannot be used, or a camera's name
                cannot be part of a topic.
            BundleError: a bundle is refused.
            EngineError: no engine runs it as required.
            CaptureError: a source's address names nothing.
            LedgerError: the ledger cannot be opened.
        """
        self._station = station
        self._topics = Topics(station.topic_root, station.station)
        self._streams = min(len(station.cameras), available_threads())
        run_id = str(uuid.uuid4())
        self._keeping, self._page = Keeping(station), StationPage(station)
        self._active = ActiveRecipe(recipe, station, run_id, self._streams, self._keeping.learn)
        self._sinks = list(observers)
        self._ledger = _open_ledger(station.ledger, run_id)
        self._publisher = self._connect()
        self._sinks += [*self._keeping.sinks(self._publisher), *self._page.sinks]
        self._voice = Voice(station.station, recipe.ref, self._publisher)
        self._lines = [self._line(camera, frames) for camera in station.cameras]
        self._controls = Controls(
            station,
            self._lines,
            self._active,
            topics=self._topics,
            broker=self._broker,
            file=file,
            take=self._take,
            on_change=self._tell_state,
        )
        self._teller = Teller(self._lines, self._active, self._voice, self._introduce)
        self._measured_ns = time.monotonic_ns()

    @property
    def total(self) -> int:
        """How many inspections were committed."""
        return sum(line.records.total for line in self._lines)

    def run(self, stop: threading.Event) -> None:
        """Inspect until `stop` is set or every lane is over, then deliver and disconnect.

        A camera that is lost for good leaves the others running; any other failure stops the station.

        Raises:
            EdgeVisionError: what ended a lane, after everything else was stopped in order.
        """
        try:
            self._start()
            self._supervise(stop)
        finally:
            failures = self._stop_lanes()
            self._measure()
            self._say_goodbye(failures)
            self._page.stop()
            self._keeping.close(in_a_hurry=stop.is_set())
            self._active.close()
            if self._ledger is not None:
                self._ledger.close()
        if failures:
            raise failures[0]

    def _connect(self) -> Publisher | None:
        settings = self._station.mqtt
        if settings is None:
            self._broker = None
            return None
        outbox = self._ledger or MemoryOutbox(settings.outbox_max_messages)
        self._broker = PahoBroker(settings, self._topics)
        publisher = Publisher(self._broker, outbox, self._topics, result_expiry_s=settings.result_expiry_s)
        announce(self._station, self._topics, self._broker, publisher)
        self._sinks.insert(0, ResultSink(outbox, publisher, self._topics, self._keeping.uri))
        return publisher

    def reload(self, who: str) -> None:
        """Read the station file again, in another thread; what became of it is logged and written down."""
        self._controls.reload(who)

    def _take(self, station: Station) -> None:
        self._station = station
        logging.getLogger().setLevel(station.log_level.upper())

    def _line(self, camera: CameraSettings, frames: int | None) -> Line:
        self._topics.result(camera.name)
        return open_line(
            camera,
            lambda: self._active.inspector(camera.name),
            self._sinks,
            frames,
            reach_ns=lambda: self._active.reach_ns,
            on_change=self._tell_state,
        )

    def _tell_state(self) -> None:
        self._teller.state()

    def _start(self) -> None:
        self._keeping.start()
        self._page.attend(self._lines, self._active, self._voice, self._publisher, self._keeping)
        self._page.start()
        if self._publisher is not None and self._broker is not None:
            self._publisher.start()
            self._broker.start()
        self._introduce()
        self._voice.state(MachineState.READY)
        for line in self._lines:
            line.lane.start()
        self._controls.start()

    def _introduce(self) -> None:
        cameras = [line.camera for line in self._lines]
        models = self._active.models
        self._voice.introduce(__version__, cameras, models.refs, models.engines, host_facts())

    def _supervise(self, stop: threading.Event) -> None:
        is_over = False
        while not is_over:
            is_over = stop.wait(_SUPERVISE_EVERY_S) or not self._is_worth_going_on
            self._look()
            if time.monotonic_ns() - self._measured_ns >= round(self._station.metrics_every_s * 1e9):
                self._measure()

    @property
    def _is_worth_going_on(self) -> bool:
        failures = [line.lane.failure for line in self._lines]
        is_broken = any(failure is not None and not isinstance(failure, CaptureError) for failure in failures)
        return not is_broken and any(line.lane.is_running for line in self._lines)

    def _look(self) -> None:
        found = [
            one for line in self._lines for one in camera_conditions(line.camera, line.lane.feed.counters)
        ]
        found += [*repair_conditions(self._active.models.health), *self._controls.conditions()]
        found += self._keeping.conditions()
        self._voice.conditions([*engine_conditions(self._active.models.engines), *found])
        self._teller.state()
        self._teller.counts(self._controls.counts)

    def _measure(self) -> None:
        since_ns, now_ns = self._measured_ns, time.monotonic_ns()
        for line in self._lines:
            figures = line.records.figures(line.lane.feed.counters, since_ns, now_ns)
            self._voice.metrics(line.camera, figures, self._keeping.figures)
        self._measured_ns = now_ns

    def _stop_lanes(self) -> list[Exception | SystemExit]:
        self._teller.stop()
        for line in self._lines:
            line.lane.stop()
        with ThreadPoolExecutor(len(self._lines)) as pool:
            endings = list(pool.map(_ending, self._lines))
        self._controls.stop()
        failures = [ending for ending in endings if ending is not None]
        self._teller.counts(self._controls.counts)
        for failure in failures[1:]:
            _log.error("another camera ended: %s", failure)
        return failures

    def _say_goodbye(self, failures: Sequence[Exception | SystemExit]) -> None:
        state = MachineState.ERROR if failures else MachineState.HALTED
        self._voice.state(state, str(failures[0]) if failures else "The station was stopped.")
        if self._publisher is not None and self._broker is not None:
            stop_by_s = time.monotonic() + _STOP_TIMEOUT_S
            self._publisher.stop(_STOP_TIMEOUT_S)
            self._broker.stop(max(_FAREWELL_S, stop_by_s - time.monotonic()))


def _open_ledger(settings: LedgerSettings | None, run_id: str) -> Ledger | None:
    if settings is None:
        return None
    return Ledger(settings.path, run_id, max_waiting=settings.max_waiting, keep_days=settings.keep_days)


def _ending(line: Line) -> Exception | SystemExit | None:
    """Wait for a camera's lane and return what ended it, if anything did."""
    try:
        line.lane.join()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - raised at the end of `run`
        return error
    return None
