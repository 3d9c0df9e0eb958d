"""What the live state asks of a history: to keep things, and what it gets back after a restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edgevision.dashboard.alarms import Alarm
from edgevision.dashboard.window import Minute
from edgevision.messages.result import ResultMessage

__all__ = ["Keeper", "Memory"]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a history kept, oldest first."""

    minutes: Sequence[tuple[str, str, Minute]]
    """Station, camera, minute."""
    alarms: Sequence[tuple[str, Alarm]]
    recent: Sequence[dict[str, Any]]
    """Summaries of NG and ND."""
    result_ids: Sequence[str]
    """Of the newest results, so that none is counted twice."""


class Keeper(Protocol):
    """Takes what a restart should still show; never waits for the disk."""

    def keep_result(self, message: ResultMessage, payload: bytes, received_ms: int) -> None:
        """Keep a result."""

    def keep_minute(self, station: str, camera: str, minute: Minute) -> None:
        """Keep what a minute holds at the next writing; the same minute may be given often."""

    def keep_picture(self, result_id: str, jpeg: bytes, received_ms: int) -> None:
        """Keep the picture of an NG or ND."""

    def keep_alarm(self, station: str, alarm: Alarm) -> None:
        """Keep an alarm as it is now; one that is gone may be forgotten."""
