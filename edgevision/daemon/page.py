"""The metrics page of a running station: what it counts, and what its health is told from.

Asked from the page's own threads; it never waits for the station. Does nothing where it is switched off.
"""

import time
from collections.abc import Sequence

from edgevision import __version__
from edgevision.config.station import CameraSettings, Station
from edgevision.daemon.keeping import Keeping
from edgevision.daemon.lines import Line
from edgevision.daemon.recipes import ActiveRecipe
from edgevision.daemon.voice import Voice
from edgevision.daemon.watch import camera_conditions, repair_conditions
from edgevision.host.metricspage import MetricsPage
from edgevision.host.stationfigures import StationFigures
from edgevision.messages import Severity
from edgevision.mqtt.publisher import Publisher
from edgevision.ports import InspectionSink

__all__ = ["StationPage", "silence"]

_INSPECTING_S = 5.0
"""How much longer than its camera or its deadline a verdict may take."""


class StationPage:
    """The page, and whom it asks."""

    def __init__(self, station: Station) -> None:
        """Listen, and answer nothing yet. Raises ConfigError when the port cannot be used."""
        self._station = station
        self._page: MetricsPage | None = None
        if station.metrics_page is not None:
            cameras = [camera.name for camera in station.cameras]
            self._page = MetricsPage(station.metrics_page.port, cameras, self.figures)

    @property
    def sinks(self) -> list[InspectionSink]:
        """Return what takes inspections."""
        return [self._page] if self._page is not None else []

    def attend(
        self,
        lines: Sequence[Line],
        active: ActiveRecipe,
        voice: Voice,
        publisher: Publisher | None,
        keeping: Keeping,
    ) -> None:
        """Name whom to ask; call before `start`."""
        self._lines, self._active, self._voice = lines, active, voice
        self._publisher, self._keeping = publisher, keeping

    def start(self) -> None:
        """Begin to answer."""
        if self._page is not None:
            self._page.start()

    def stop(self) -> None:
        """Answer no more."""
        if self._page is not None:
            self._page.stop()

    def figures(self) -> StationFigures:
        """Look at the station."""
        now_ns = time.monotonic_ns()
        publisher = self._publisher
        return StationFigures(
            station=self._station.station,
            version=__version__,
            recipe=self._active.loaded.ref,
            state=self._voice.told,
            troubles=tuple(self._troubles(now_ns)),
            cameras={
                line.camera: line.records.figures(line.lane.feed.counters, now_ns, now_ns)
                for line in self._lines
            },
            outbox=publisher.figures if publisher is not None else None,
            is_connected=publisher.is_connected if publisher is not None else None,
            evidence=self._keeping.figures,
        )

    def _troubles(self, now_ns: int) -> list[str]:
        deadline_s = self._active.rules.deadline_ms / 1e3
        conditions = repair_conditions(self._active.models.health)
        troubles = [one.text for one in conditions if one.severity is Severity.ERROR]
        for camera, line in zip(self._station.cameras, self._lines, strict=True):
            lost = [one.text for one in camera_conditions(line.camera, line.lane.feed.counters)]
            silent = silence(camera, line.records.last_ns, now_ns, deadline_s)
            ended = "" if line.lane.is_running else f"{line.camera} has ended."
            troubles += lost or [text for text in (ended or silent,) if text]
        return troubles


def silence(camera: CameraSettings, last_ns: int | None, now_ns: int, deadline_s: float) -> str:
    """Return what is wrong with a camera that gives verdicts by itself and has given none; empty for nothing.

    Args:
        camera: Its settings.
        last_ns: When its last verdict was committed, on the monotonic clock; None before the first.
        now_ns: On the same clock.
        deadline_s: Of a trigger.
    """
    if camera.mode == "triggered":
        return ""
    if last_ns is None:
        return f"{camera.name}: no part was judged yet."
    by_itself_s = camera.read_timeout_s if camera.mode == "continuous" else camera.interval_s + deadline_s
    silent_s = (now_ns - last_ns) / 1e9
    if silent_s <= by_itself_s + _INSPECTING_S:
        return ""
    return f"{camera.name}: no part was judged for {silent_s:.0f} s."
