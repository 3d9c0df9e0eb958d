"""Composes a station, supervises it, and stops it in order.

Inspecting is the lanes' work, delivering the publisher's; here they are put together,
looked after, and at the end everything inspected is given the time to be delivered.
"""

import logging
import platform
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edgevision import __version__
from edgevision.build import load_models
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import CameraSettings, LedgerSettings, Station
from edgevision.daemon.line import Line
from edgevision.daemon.reload import Changes, Reloader, read_changes
from edgevision.daemon.service import Service, summary
from edgevision.daemon.voice import Voice
from edgevision.daemon.watch import camera_conditions, engine_conditions, machine_state
from edgevision.engines.machine import available_threads, processor
from edgevision.errors import CaptureError
from edgevision.health import Beat, Beats
from edgevision.host.notify import Systemd
from edgevision.ledger.journal import Ledger
from edgevision.messages import HostFacts, MachineState, Topics
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink
from edgevision.ports import InspectionSink, ServiceManager

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
        manager: ServiceManager | None = None,
    ) -> None:
        """Load the models and open the outbox; nothing runs yet.

        Args:
            station: The settings.
            recipe: What the station inspects.
            observers: Sinks besides the station's own.
            frames: Stop each camera after so many frames.
            manager: What supervises this process; systemd, if it started it, when absent.

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
        self._beats = Beats()
        self._service = Service(manager or Systemd(), self._beats)
        self._service.starting("loading the models")
        self._models, self._recipe = load_models(recipe, station), recipe
        self._sinks = list(observers)
        self._run_id = str(uuid.uuid4())
        self._ledger = _open_ledger(station.ledger, self._run_id, self._beats.beat)
        self._publisher = self._connect()
        self._voice = Voice(station.station, recipe.ref, self._publisher)
        self._lines = [self._line(camera, frames) for camera in station.cameras]
        self._measured_ns = time.monotonic_ns()

    @property
    def total(self) -> int:
        """How many inspections were committed."""
        return sum(line.records.total for line in self._lines)

    def run(self, stop: threading.Event, reloader: Reloader | None = None) -> None:
        """Inspect until `stop` is set or every lane is over, then deliver and disconnect.

        A camera that is lost for good leaves the others running; any other failure stops the station.
        The recipe that `reloader` has read is taken between two frames.

        Raises:
            EdgeVisionError: what ended a lane, after everything else was stopped in order.
        """
        try:
            self._start()
            self._supervise(stop, reloader)
        finally:
            self._service.stopping()
            stop_by_s = time.monotonic() + _STOP_TIMEOUT_S
            failures = self._stop_lanes()
            self._measure()
            self._say_goodbye(failures, stop_by_s)
            self._models.close()
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
        publisher = Publisher(
            self._broker,
            outbox,
            self._topics,
            result_expiry_s=settings.result_expiry_s,
            beat=self._beats.beat,
        )
        self._sinks.insert(0, ResultSink(outbox, publisher, self._topics))
        return publisher

    def _line(self, camera: CameraSettings, frames: int | None) -> Line:
        self._topics.result(camera.name)
        beat, run_id = self._beats.beat, self._run_id
        return Line(camera, self._models, self._sinks, run_id=run_id, frames=frames, beat=beat)

    def _start(self) -> None:
        if self._publisher is not None and self._broker is not None:
            self._publisher.start()
            self._broker.start()
        self._introduce()
        self._voice.state(MachineState.READY)
        for line in self._lines:
            line.lane.start()

    def _introduce(self) -> None:
        cameras = [line.camera for line in self._lines]
        self._voice.introduce(__version__, cameras, self._models.refs, self._models.engines, _host_facts())

    def _supervise(self, stop: threading.Event, reloader: Reloader | None) -> None:
        is_over = False
        while not is_over:
            is_over = stop.wait(_SUPERVISE_EVERY_S) or not self._is_worth_going_on
            self._look()
            if reloader is not None:
                reloader.look(self._read, self._adopt, self._service)
            if time.monotonic_ns() - self._measured_ns >= round(self._station.metrics_every_s * 1e9):
                self._measure()

    def _read(self, path: Path) -> Changes:
        return read_changes(path, self._station, self._recipe, self._models)

    def _adopt(self, changes: Changes) -> None:
        """Take what may change while running: between two frames, in one step."""
        self._station = changes.station
        logging.getLogger().setLevel(changes.station.log_level.upper())
        if changes.models is None:
            return
        self._models, self._recipe = changes.models, changes.recipe
        for line in self._lines:
            line.exchange(self._models)
        self._voice.recipe_changed(changes.recipe.ref)
        self._introduce()

    @property
    def _is_worth_going_on(self) -> bool:
        failures = [line.lane.failure for line in self._lines]
        is_broken = any(failure is not None and not isinstance(failure, CaptureError) for failure in failures)
        return not is_broken and any(line.lane.is_running for line in self._lines)

    def _look(self) -> None:
        counters = {line.camera: line.lane.feed.counters for line in self._lines}
        found = [one for name, each in counters.items() for one in camera_conditions(name, each)]
        self._voice.conditions([*engine_conditions(self._models.engines), *found])
        state = machine_state(counters, self.total)
        self._voice.state(state, found[0].text if found else None)
        is_first = any(each.frames_read for each in counters.values())
        waiting = self._publisher.figures.depth if self._publisher is not None else 0
        self._service.look(has_first_frame=is_first, status=summary(state, self.total, found, waiting))

    def _measure(self) -> None:
        since_ns, now_ns = self._measured_ns, time.monotonic_ns()
        for line in self._lines:
            figures = line.records.figures(line.lane.feed.counters, since_ns, now_ns)
            self._voice.metrics(line.camera, figures)
        self._measured_ns = now_ns

    def _stop_lanes(self) -> list[Exception | SystemExit]:
        for line in self._lines:
            line.lane.stop()
        with ThreadPoolExecutor(len(self._lines)) as pool:
            endings = list(pool.map(Line.ending, self._lines))
        failures = [ending for ending in endings if ending is not None]
        for failure in failures[1:]:
            _log.error("another camera ended: %s", failure)
        return failures

    def _say_goodbye(self, failures: Sequence[Exception | SystemExit], stop_by_s: float) -> None:
        state = MachineState.ERROR if failures else MachineState.HALTED
        self._voice.state(state, str(failures[0]) if failures else "The station was stopped.")
        if self._publisher is not None and self._broker is not None:
            self._publisher.stop(max(_FAREWELL_S, stop_by_s - time.monotonic()))
            self._broker.stop(max(_FAREWELL_S, stop_by_s - time.monotonic()))


def _open_ledger(settings: LedgerSettings | None, run_id: str, beat: Beat) -> Ledger | None:
    if settings is None:
        return None
    return Ledger(
        settings.path, run_id, max_waiting=settings.max_waiting, keep_days=settings.keep_days, beat=beat
    )


def _host_facts() -> HostFacts:
    return HostFacts(
        hostname=platform.node(),
        os=platform.platform(),
        machine=platform.machine(),
        cpu=processor(),
        cpu_count=available_threads(),
        python=platform.python_version(),
    )
