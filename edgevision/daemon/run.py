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
from edgevision.config.station import CameraSettings, Station
from edgevision.daemon.controls import Controls
from edgevision.daemon.delivering import Delivering
from edgevision.daemon.hangup import Hangup
from edgevision.daemon.keeping import Keeping
from edgevision.daemon.lines import Line, open_line
from edgevision.daemon.machine import host_facts
from edgevision.daemon.page import StationPage
from edgevision.daemon.recipes import ActiveRecipe
from edgevision.daemon.service import Service, summary
from edgevision.daemon.teller import Teller
from edgevision.daemon.voice import Voice
from edgevision.daemon.watch import Condition, camera_conditions, engine_conditions, repair_conditions
from edgevision.engines.machine import streams_for
from edgevision.errors import CaptureError
from edgevision.health import Beats
from edgevision.host.heap import give_back
from edgevision.host.notify import Systemd
from edgevision.messages import MachineState, Topics
from edgevision.ports import InspectionSink, ServiceManager

__all__ = ["Daemon"]

_log = logging.getLogger(__name__)

_SUPERVISE_EVERY_S = 0.25
_STOP_TIMEOUT_S = 3.0


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
        manager: ServiceManager | None = None,
    ) -> None:
        """Load the models and open the outbox; nothing runs yet.

        Args:
            station: The settings.
            recipe: What the station inspects.
            observers: Sinks besides the station's own.
            frames: Stop each camera after so many frames.
            file: Where the settings came from; a reload reads it again.
            manager: What supervises this process; systemd, if it started it, when absent.

        Raises:
            ConfigError: the broker's settings name files that cannot be used, or a camera's name
                cannot be part of a topic.
            BundleError: a bundle is refused.
            EngineError: no engine runs it as required.
            CaptureError: a source's address names nothing.
            ForeignLedger: the ledger is of another version, or another process writes it.
        """
        self._station = station
        self._topics = Topics(station.topic_root, station.station)
        self._beats = Beats()
        self._service = Service(manager or Systemd(), self._beats)
        self._service.starting("loading the models")
        run_id, streams = str(uuid.uuid4()), streams_for(len(station.cameras))
        self._keeping, self._page = Keeping(station), StationPage(station)
        self._active = ActiveRecipe(recipe, station, run_id, streams, self._keeping.learn)
        self._delivering = Delivering(station, self._topics, run_id, self._keeping.uri, self._beats.beat)
        publisher = self._delivering.publisher
        watchers = [*self._keeping.sinks(publisher), *self._page.sinks]
        self._sinks = [*self._delivering.sinks, *observers, *watchers]
        self._voice = Voice(station.station, recipe.ref, publisher)
        self._lines = [self._line(camera, frames) for camera in station.cameras]
        self._controls = self._control(file)
        self._teller = Teller(self._lines, self._active, self._voice, self._introduce)
        self._measured_ns = time.monotonic_ns()

    @property
    def total(self) -> int:
        """How many inspections were committed."""
        return sum(line.records.total for line in self._lines)

    @property
    def is_held(self) -> bool:
        """Whether, after `run`, a disk that does not answer, or an unfinished change, holds a thread."""
        return self._delivering.is_held or self._controls.is_held

    def run(self, stop: threading.Event, hangup: threading.Event | None = None) -> None:
        """Inspect until `stop` is set or every lane is over, then deliver and disconnect.

        A camera that is lost for good leaves the others running; any other failure stops the station.
        The station file is read again each time that `hangup` is set.

        Raises:
            EdgeVisionError: what ended a lane, after everything else was stopped in order; or, of a
                station that ended by itself, that results are lost.
        """
        try:
            self._start()
            self._supervise(stop, Hangup(hangup or threading.Event(), self._controls.reload, self._service))
        finally:
            self._service.stopping()
            stop_by_s = time.monotonic() + _STOP_TIMEOUT_S
            failures = self._stop_lanes(stop_by_s)
            self._measure()
            self._keeping.close(stop_by_s if stop.is_set() else None)
            self._say_goodbye(failures, stop_by_s)
            self._page.stop()
            self._active.close()
        self._delivering.account(is_fatal=not failures and not stop.is_set())
        if failures:
            raise failures[0]

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
            beat=self._beats.beat,
        )

    def _control(self, file: Path | None) -> Controls:
        return Controls(
            self._station,
            self._lines,
            self._active,
            topics=self._topics,
            broker=self._delivering.broker,
            file=file,
            take=self._take,
            on_change=self._tell_state,
        )

    def _tell_state(self) -> None:
        self._teller.state()

    def _start(self) -> None:
        self._keeping.start()
        self._page.attend(self._lines, self._active, self._voice, self._delivering.publisher, self._keeping)
        self._page.start()
        self._delivering.start()
        self._introduce()
        self._voice.state(MachineState.READY)
        for line in self._lines:
            line.lane.start()
        self._controls.start()

    def _introduce(self) -> None:
        cameras = [line.camera for line in self._lines]
        models = self._active.models
        self._voice.introduce(__version__, cameras, models.refs, models.engines, host_facts())

    def _supervise(self, stop: threading.Event, hangup: Hangup) -> None:
        is_over = False
        while not is_over:
            is_over = stop.wait(_SUPERVISE_EVERY_S) or not self._is_worth_going_on
            self._look()
            hangup.look()
            if time.monotonic_ns() - self._measured_ns >= round(self._station.metrics_every_s * 1e9):
                self._measure()
                give_back()

    @property
    def _is_worth_going_on(self) -> bool:
        failures = [line.lane.failure for line in self._lines]
        is_broken = any(failure is not None and not isinstance(failure, CaptureError) for failure in failures)
        return not is_broken and any(line.lane.is_running for line in self._lines)

    def _look(self) -> None:
        conditions = self._conditions()
        self._voice.conditions(conditions)
        self._teller.state()
        self._teller.counts(self._controls.counts)
        self._service.look(
            has_first_frame=any(line.lane.feed.counters.frames_read for line in self._lines),
            status=summary(self._teller.present, self.total, conditions, self._delivering.waiting),
        )

    def _conditions(self) -> list[Condition]:
        """Return everything that is wrong at the moment."""
        models = self._active.models
        cameras = [
            one for line in self._lines for one in camera_conditions(line.camera, line.lane.feed.counters)
        ]
        return [
            *engine_conditions(models.engines),
            *cameras,
            *repair_conditions(models.health),
            *self._controls.conditions(),
            *self._keeping.conditions(),
            *self._delivering.conditions(),
        ]

    def _measure(self) -> None:
        since_ns, now_ns = self._measured_ns, time.monotonic_ns()
        for line in self._lines:
            figures = line.records.figures(line.lane.feed.counters, since_ns, now_ns)
            self._voice.metrics(line.camera, figures, self._keeping.figures)
        self._measured_ns = now_ns

    def _stop_lanes(self, stop_by_s: float) -> list[Exception | SystemExit]:
        self._teller.stop()
        for line in self._lines:
            line.lane.stop()
        with ThreadPoolExecutor(len(self._lines)) as pool:
            endings = list(pool.map(Line.ending, self._lines))
        self._controls.stop(stop_by_s)
        failures = [ending for ending in endings if ending is not None]
        self._teller.counts(self._controls.counts)
        for failure in failures[1:]:
            _log.error("another camera ended: %s", failure)
        return failures

    def _say_goodbye(self, failures: Sequence[Exception | SystemExit], stop_by_s: float) -> None:
        state = MachineState.ERROR if failures else MachineState.HALTED
        self._voice.state(state, str(failures[0]) if failures else "The station was stopped.")
        self._delivering.stop(stop_by_s)
