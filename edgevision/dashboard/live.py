"""What is known of each station at the moment, and as what the page gets it. Pure; guarded by the plant.

Everything that is shown carries the number of its last change, so that a page is sent only what is new.
"""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from edgevision.dashboard.alarms import Alarms
from edgevision.dashboard.window import Window, yield_of
from edgevision.messages.state import MachineState
from edgevision.messages.status import Status
from edgevision.types import Judgement

__all__ = ["RECENT", "CameraLive", "Picture", "StationLive"]

RECENT = 60
"""NG and ND that a page shows at once."""

_SUMMARIES = 128
_RESTING = {MachineState.PREOPERATIONAL, MachineState.HALTED, MachineState.INITIALIZED}
"""States in which no part is judged; in Error parts go on to be ND, or NG by a step that still works."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The newest preview of a camera."""

    number: int
    """Grows with each one."""
    jpeg: bytes = field(repr=False)
    summary: Json | None
    """The result it shows; None while that has not arrived."""
    result_id: str | None

    def to_dict(self) -> Json:
        """Return it without its pixels."""
        return {"number": self.number, "result_id": self.result_id, "result": self.summary}


@dataclass(slots=True, eq=False)
class CameraLive:
    """One camera of a station."""

    name: str
    window: Window
    last: Json | None = None
    """Summary of its newest result."""
    metrics: Json | None = None
    picture: Picture | None = None
    changed: int = 0
    _summaries: OrderedDict[str, Json] = field(default_factory=OrderedDict)

    def remember(self, summary: Json) -> None:
        """Keep the summary for a preview that comes later."""
        self._summaries[summary["result_id"]] = summary
        if len(self._summaries) > _SUMMARIES:
            self._summaries.popitem(last=False)

    def summary_of(self, result_id: str | None) -> Json | None:
        """Return the summary of one of the newest results."""
        return self._summaries.get(result_id) if result_id is not None else None

    def to_dict(self) -> Json:
        """Return what a page shows of the camera."""
        return {
            "camera": self.name,
            "last": self.last,
            "metrics": self.metrics,
            "picture": self.picture.to_dict() if self.picture else None,
            "totals": dict(self.window.totals),
        }


@dataclass(slots=True, eq=False)
class StationLive:
    """One station."""

    name: str
    status: str | None = None
    status_ms: int | None = None
    state: Json | None = None
    info: Json | None = None
    judging_since_ms: int = 0
    """By the clock of the station: what it judged before is no news any more."""
    heard_ms: int = 0
    cameras: dict[str, CameraLive] = field(default_factory=dict)
    alarms: Alarms = field(default_factory=Alarms)
    recent: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=RECENT))
    """Number of the change and summary of NG and ND, and again when their picture arrives."""
    answers: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=20))
    """Number of the change and what the station said to a command."""
    head_changed: int = 0
    alarms_changed: int = 0

    @property
    def changed(self) -> int:
        """Return the number of the newest change of anything."""
        cameras = max((camera.changed for camera in self.cameras.values()), default=0)
        return max(self.head_changed, self.alarms_changed, cameras)

    @property
    def totals(self) -> Counter[str]:
        """Return the judgements of all cameras within the window."""
        totals: Counter[str] = Counter()
        for camera in self.cameras.values():
            totals.update(camera.window.totals)
        return totals

    def enter(self, state: Json) -> None:
        """Take over a state message. A verdict does not outlive a rest, nor the beginning of an error."""
        if self.state is None or self.state["state"] in _RESTING or state["state"] == MachineState.ERROR:
            self.judging_since_ms = state["ts"]
        self.state = state

    def come_back(self) -> None:
        """Be online again: what was heard before the outage is no news any more."""
        heard = [camera.last["judged_ms"] + 1 for camera in self.cameras.values() if camera.last]
        self.judging_since_ms = max([self.judging_since_ms, *heard])

    def note_bad(self, summary: Json) -> None:
        """Take a fresh NG or ND for news also when the station has put its clock back."""
        if not summary["is_late"]:
            self.judging_since_ms = min(self.judging_since_ms, summary["judged_ms"])

    @property
    def verdict(self) -> Json | None:
        """Return the newest result that still tells of the line; None while there is none."""
        is_away = self.status not in {None, Status.ONLINE}
        if is_away or (self.state is not None and self.state["state"] in _RESTING):
            return None
        results = [camera.last for camera in self.cameras.values() if camera.last]
        return max(filter(self._is_news, results), key=lambda one: one["received_ms"], default=None)

    def _is_news(self, result: Json) -> bool:
        if result["judged_ms"] < self.judging_since_ms:
            return False
        is_failed = self.state is not None and self.state["state"] == MachineState.ERROR
        return result["judgement"] != Judgement.OK or not (is_failed or result["is_late"])

    def head(self) -> Json:
        """Return what does not change with every part."""
        return {
            "station": self.name,
            "status": self.status,
            "status_ms": self.status_ms,
            "state": self.state,
            "info": self.info,
        }

    def tile(self) -> Json:
        """Return what the fleet page shows."""
        metrics = [camera.metrics for camera in self.cameras.values() if camera.metrics]
        totals = self.totals
        return {
            "station": self.name,
            "status": self.status,
            "state": self.state["state"] if self.state else None,
            "recipe": self.info["recipe"] if self.info else None,
            "verdict": self.verdict,
            "totals": dict(totals),
            "yield": yield_of(totals),
            "rate_hz": round(sum(one["rate_hz"] for one in metrics), 2) if metrics else None,
            "latency_p99_ms": max((one.get("latency_p99_ms") or 0.0 for one in metrics), default=None),
            "outbox_depth": max((one["outbox_depth"] for one in metrics), default=None),
            "alarms": [alarm.to_dict() for alarm in self.alarms.newest_first()[:5]],
        }

    def changes(self, since: int) -> Json:
        """Return the parts of the station's page that changed after the change numbered `since`."""
        cameras = {name: one.to_dict() for name, one in self.cameras.items() if one.changed > since}
        parts: Json = {}
        if self.head_changed > since:
            parts["head"] = self.head()
        if self.alarms_changed > since:
            parts["alarms"] = [alarm.to_dict() for alarm in self.alarms.newest_first()]
        if cameras:
            totals = self.totals
            parts |= {"cameras": cameras, "totals": dict(totals), "yield": yield_of(totals)}
        if "head" in parts or cameras:
            parts["verdict"] = self.verdict
        for name, entries in (("results", self.recent), ("answers", self.answers)):
            news = [entry for number, entry in entries if number > since]
            if news:
                parts[name] = news
        return parts
