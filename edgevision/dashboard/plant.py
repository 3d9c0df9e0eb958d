"""The live state of all stations: what arrived is applied here, and what changed is asked for here.

Everything is bounded, and one lock guards it all. Reading messages is `intake`, keeping them `recorder`.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from edgevision.dashboard.alarms import Alarm, AlarmKey
from edgevision.dashboard.keeping import Keeper, Memory
from edgevision.dashboard.live import CameraLive, Picture, StationLive
from edgevision.dashboard.summary import result_summary
from edgevision.dashboard.window import Window
from edgevision.messages.alarm import AlarmMessage
from edgevision.messages.command import AnswerMessage
from edgevision.messages.info import InfoMessage
from edgevision.messages.metrics import MetricsMessage
from edgevision.messages.result import ResultMessage
from edgevision.messages.state import StateMessage
from edgevision.messages.status import Status
from edgevision.types import Judgement

__all__ = ["Plant", "TooMany"]

_MAX_STATIONS = 500
_MAX_CAMERAS = 32
_KNOWN_RESULTS = 20_000
_EARLY_PICTURES = 16


class TooMany(Exception):
    """More stations or cameras than can be real."""


class Plant:
    """All stations."""

    def __init__(self, keeper: Keeper, hours: float, now_ms: Callable[[], int]) -> None:
        """Begin without stations. `now_ms` is the time in UTC milliseconds."""
        self._keeper = keeper
        self._hours = hours
        self._now_ms = now_ms
        self._lock = threading.RLock()
        self._stations: dict[str, StationLive] = {}
        self._known: OrderedDict[str, None] = OrderedDict()
        self._unpictured: OrderedDict[str, None] = OrderedDict()
        self._early: OrderedDict[str, bytes] = OrderedDict()
        self.changed = 0
        """Number of the newest change."""

    @property
    def locked(self) -> AbstractContextManager[Any]:
        """For reading several things of one moment."""
        return self._lock

    def station(self, name: str) -> StationLive | None:
        """Return a station that was heard of; to be read under `locked`."""
        return self._stations.get(name)

    def stations(self) -> list[StationLive]:
        """Return all stations by name; to be read under `locked`."""
        return [self._stations[name] for name in sorted(self._stations)]

    def take_status(self, station: str, status: Status) -> None:
        """Note whether the station is there."""
        with self._lock:
            live = self._live(station)
            if live.status != status.value:
                if live.status is not None and status is Status.ONLINE:
                    live.come_back()
                live.status, live.status_ms = status.value, self._now_ms()
            live.head_changed = self._next()

    def take_state(self, message: StateMessage) -> None:
        """Note the state of the station's machine."""
        with self._lock:
            live = self._live(message.station)
            live.enter(message.to_dict())
            live.head_changed = self._next()

    def take_info(self, message: InfoMessage) -> None:
        """Note what runs there; a new start ends the alarms of the former one."""
        with self._lock:
            live = self._live(message.station)
            is_new_start = live.info is None or live.info["ts"] != message.ts
            live.info = message.to_dict()
            live.head_changed = self._next()
            if is_new_start:
                live.judging_since_ms = max(live.judging_since_ms, message.ts)
                for alarm in live.alarms.clear_before(message.ts, self._now_ms()):
                    self._keep_alarm(live, alarm)

    def take_alarm(self, message: AlarmMessage) -> None:
        """Raise or clear an alarm."""
        with self._lock:
            live = self._live(message.station)
            alarm = live.alarms.take(message, self._now_ms())
            if alarm is not None:
                self._keep_alarm(live, alarm)

    def take_metrics(self, message: MetricsMessage) -> None:
        """Note how a camera is doing."""
        with self._lock:
            camera = self._camera(message.station, message.camera)
            camera.metrics = message.to_dict()
            minute = camera.window.at(self._now_ms())
            minute.note_latency(message.latency_p50_ms, message.latency_p99_ms)
            minute.note_outbox(message.outbox_depth)
            self._keeper.keep_minute(message.station, camera.name, minute)
            camera.changed = self._next()

    def take_result(self, message: ResultMessage, payload: bytes) -> None:
        """Count a result once, however often it arrives."""
        with self._lock:
            if message.result_id in self._known:
                return
            now_ms = self._now_ms()
            camera = self._camera(message.station, message.camera)
            _remember(self._known, message.result_id, None, _KNOWN_RESULTS)
            self._keeper.keep_result(message, payload, now_ms)
            self._keeper.keep_minute(message.station, camera.name, camera.window.add(message, now_ms))
            summary = result_summary(message, now_ms)
            camera.last = summary
            camera.remember(summary)
            camera.changed = self._next()
            if message.judgement is not Judgement.OK:
                live = self._stations[message.station]
                live.note_bad(summary)
                live.recent.append((camera.changed, summary))
                self._match_early_picture(summary)
            self._name_picture(camera)

    def take_last(self, message: ResultMessage) -> None:
        """Show what the broker kept as a camera's newest result, until one arrives."""
        with self._lock:
            camera = self._camera(message.station, message.camera)
            if camera.last is None:
                camera.last = result_summary(message, self._now_ms())
                camera.changed = self._next()

    def take_preview(self, station: str, camera_name: str, jpeg: bytes, result_id: str | None) -> None:
        """Show a picture; that of an NG or ND is kept, whichever of the two comes first."""
        with self._lock:
            camera = self._camera(station, camera_name)
            number = self._next()
            summary = camera.summary_of(result_id)
            camera.picture = Picture(number, jpeg, summary, result_id)
            camera.changed = number
            if summary is not None and result_id in self._unpictured:
                self._keep_picture(summary, jpeg)
            elif summary is None and result_id is not None:
                _remember(self._early, result_id, jpeg, _EARLY_PICTURES)

    def take_answer(self, message: AnswerMessage) -> None:
        """Show what a station said to a command."""
        with self._lock:
            live = self._live(message.station)
            live.head_changed = self._next()
            live.answers.append((live.head_changed, message.to_dict()))

    def acknowledge(self, station: str, key: AlarmKey, by: str) -> Alarm | None:
        """Note that somebody has seen an alarm; None when there is no such alarm."""
        with self._lock:
            live = self._stations.get(station)
            alarm = live.alarms.acknowledge(key, by, self._now_ms()) if live else None
            if live is not None and alarm is not None:
                self._keep_alarm(live, alarm)
            return alarm

    def expire(self) -> None:
        """Forget minutes that are too old also where nothing arrives."""
        with self._lock:
            for station in self._stations.values():
                for camera in station.cameras.values():
                    if camera.window.expire(self._now_ms()):
                        camera.changed = self._next()

    def restore(self, memory: Memory) -> None:
        """Take over what the history kept; before anything arrives."""
        with self._lock:
            for station, camera, minute in memory.minutes:
                live = self._camera(station, camera)
                live.window.restore(minute)
                live.changed = self._next()
            for station, alarm in memory.alarms:
                self._live(station).alarms.restore(alarm)
                self._live(station).alarms_changed = self._next()
            for summary in memory.recent:
                self._live(summary["station"]).recent.append((self._next(), summary))
            for result_id in memory.result_ids:
                _remember(self._known, result_id, None, _KNOWN_RESULTS)

    def _match_early_picture(self, summary: dict[str, Any]) -> None:
        result_id = summary["result_id"]
        jpeg = self._early.pop(result_id, None)
        if jpeg is None:
            _remember(self._unpictured, result_id, None, _KNOWN_RESULTS)
        else:
            self._keep_picture(summary, jpeg)

    def _keep_picture(self, summary: dict[str, Any], jpeg: bytes) -> None:
        """Keep it, and tell the pages that it is there."""
        self._unpictured.pop(summary["result_id"], None)
        self._keeper.keep_picture(summary["result_id"], jpeg, self._now_ms())
        self._stations[summary["station"]].recent.append((self._next(), summary))

    def _name_picture(self, camera: CameraLive) -> None:
        """Say what the newest picture shows, where it came before its result."""
        picture = camera.picture
        if picture is not None and picture.summary is None:
            summary = camera.summary_of(picture.result_id)
            camera.picture = replace(picture, summary=summary)

    def _keep_alarm(self, live: StationLive, alarm: Alarm) -> None:
        live.alarms_changed = self._next()
        self._keeper.keep_alarm(live.name, alarm)

    def _next(self) -> int:
        self.changed += 1
        return self.changed

    def _live(self, name: str) -> StationLive:
        live = self._stations.get(name)
        if live is None:
            if len(self._stations) >= _MAX_STATIONS:
                raise TooMany(f"more than {_MAX_STATIONS} stations")
            live = self._stations[name] = StationLive(name)
            live.head_changed = self._next()
        return live

    def _camera(self, station: str, name: str) -> CameraLive:
        cameras = self._live(station).cameras
        if name not in cameras:
            if len(cameras) >= _MAX_CAMERAS:
                raise TooMany(f"more than {_MAX_CAMERAS} cameras at {station}")
            cameras[name] = CameraLive(name, Window(self._hours))
        return cameras[name]


def _remember(memory: OrderedDict[str, Any], key: str, value: object, most: int) -> None:
    memory[key] = value
    if len(memory) > most:
        memory.popitem(last=False)
