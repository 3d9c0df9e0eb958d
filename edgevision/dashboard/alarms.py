"""Alarms and their acknowledgement, as ISA-18.2 has them. Pure; an acknowledgement is the dashboard's own.

An alarm is gone when it is over and somebody has seen it.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from edgevision.dashboard.summary import clipped
from edgevision.messages.alarm import AlarmMessage

__all__ = ["Alarm", "AlarmKey", "Alarms"]

AlarmKey = tuple[str, str]
"""Camera, empty for the whole station, and code."""

_MAX_ALARMS = 200


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm; times are UTC milliseconds of this machine, None for what has not happened."""

    camera: str
    """Empty for the whole station."""
    code: str
    severity: str
    text: str
    raised_ms: int
    cleared_ms: int | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None

    @property
    def key(self) -> AlarmKey:
        """Return what tells the alarms of a station apart."""
        return (self.camera, self.code)

    @property
    def is_gone(self) -> bool:
        """Whether its cause is over and somebody has seen it."""
        return self.cleared_ms is not None and self.acknowledged_ms is not None

    def to_dict(self) -> dict[str, Any]:
        """Return the alarm as JSON has it."""
        return asdict(self)


class Alarms:
    """The alarms of one station that are not gone. Each method returns what it changed."""

    def __init__(self) -> None:
        """Begin without any."""
        self._alarms: dict[AlarmKey, Alarm] = {}

    def newest_first(self) -> list[Alarm]:
        """Return all of them."""
        return sorted(self._alarms.values(), key=lambda alarm: -alarm.raised_ms)

    def take(self, message: AlarmMessage, now_ms: int) -> Alarm | None:
        """Raise or clear one; None when that is no news."""
        key = (message.camera or "", message.code)
        known = self._alarms.get(key)
        if not message.active:
            return self._settle(replace(known, cleared_ms=now_ms)) if known and not known.cleared_ms else None
        text = clipped(message.text)
        if known is None or known.cleared_ms is not None:
            return self._settle(Alarm(*key, message.severity.value, text, now_ms))
        if (known.text, known.severity) == (text, message.severity.value):
            return None
        return self._settle(replace(known, text=text, severity=message.severity.value))

    def clear_before(self, started_ms: int, now_ms: int) -> list[Alarm]:
        """Clear what a station said before it started anew, for it repeats what still holds."""
        stale = [one for one in self._alarms.values() if not one.cleared_ms and one.raised_ms < started_ms]
        return [self._settle(replace(alarm, cleared_ms=now_ms)) for alarm in stale]

    def acknowledge(self, key: AlarmKey, by: str, now_ms: int) -> Alarm | None:
        """Note that somebody has seen one; None when there is none that nobody has seen."""
        known = self._alarms.get(key)
        if known is None or known.acknowledged_ms is not None:
            return None
        return self._settle(replace(known, acknowledged_ms=now_ms, acknowledged_by=clipped(by, 64)))

    def restore(self, alarm: Alarm) -> None:
        """Take over one of the history."""
        self._settle(alarm)

    def _settle(self, alarm: Alarm) -> Alarm:
        self._alarms.pop(alarm.key, None)
        if not alarm.is_gone:
            self._alarms[alarm.key] = alarm
        while len(self._alarms) > _MAX_ALARMS:
            del self._alarms[next(iter(self._alarms))]
        return alarm
