"""A keeper that remembers what it was given."""

from edgevision.dashboard.alarms import Alarm
from edgevision.dashboard.window import Minute
from edgevision.messages.result import ResultMessage

__all__ = ["Kept"]


class Kept:
    """The `Keeper` of a live state under test."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.pictures: dict[str, bytes] = {}
        self.alarms: list[Alarm] = []
        self.minutes: list[Minute] = []

    def keep_result(self, message: ResultMessage, payload: bytes, received_ms: int) -> None:
        self.results.append(message.result_id)

    def keep_minute(self, station: str, camera: str, minute: Minute) -> None:
        self.minutes.append(minute)

    def keep_picture(self, result_id: str, jpeg: bytes, received_ms: int) -> None:
        self.pictures[result_id] = jpeg

    def keep_alarm(self, station: str, alarm: Alarm) -> None:
        self.alarms.append(alarm)
