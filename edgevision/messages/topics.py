"""The topics of one station. Names that would break a subscriber's filter are refused.

{root}/{station}/status|state|info|alarm|commands
{root}/{station}/cmd/{verb}[/ack]
{root}/{station}/{camera}/result|last|metrics|counters|snapshot|preview
"""

import re
from dataclasses import dataclass

from edgevision.errors import ConfigError

__all__ = ["STATION_TOPICS", "Topics"]

_FORBIDDEN = re.compile(r"[+#$\s\x00-\x1f\x7f]")
STATION_TOPICS = frozenset({"status", "state", "info", "alarm", "cmd", "commands"})


def _check(what: str, name: str, *, levels: bool = False) -> None:
    parts = name.split("/") if levels else [name]
    if "" in parts or _FORBIDDEN.search(name) or (not levels and "/" in name):
        slashes = "levels separated by single slashes" if levels else "no slash"
        raise ConfigError(
            f"{what} {name!r}: expected a topic name with {slashes} and without + # $ and blanks; rename it"
        )


@dataclass(frozen=True, slots=True)
class Topics:
    """Builds topic names. Raises ConfigError for names that MQTT or its users cannot bear."""

    root: str
    station: str

    def __post_init__(self) -> None:
        _check("topic_root", self.root, levels=True)
        _check("station", self.station)

    @property
    def status(self) -> str:
        """Retained: online, stopped or offline."""
        return self._of_station("status")

    @property
    def state(self) -> str:
        """Retained: the state of the station's machine."""
        return self._of_station("state")

    @property
    def info(self) -> str:
        """Retained: what runs here."""
        return self._of_station("info")

    @property
    def alarm(self) -> str:
        """Alarms as they come and go."""
        return self._of_station("alarm")

    @property
    def commands(self) -> str:
        """Retained: what became of the commands."""
        return self._of_station("commands")

    def command(self, verb: str) -> str:
        """Where a command is asked for."""
        return self._of_station(f"cmd/{verb}")

    def answer(self, verb: str) -> str:
        """Where a command is answered that names no topic for it."""
        return self._of_station(f"cmd/{verb}/ack")

    def result(self, camera: str) -> str:
        """Every result of a camera, not retained."""
        return self._of_camera(camera, "result")

    def last(self, camera: str) -> str:
        """Retained: the newest result of a camera."""
        return self._of_camera(camera, "last")

    def metrics(self, camera: str) -> str:
        """Counters, rate and latency of a camera."""
        return self._of_camera(camera, "metrics")

    def counters(self, camera: str) -> str:
        """Retained: the books of a triggered camera."""
        return self._of_camera(camera, "counters")

    def snapshot(self, camera: str) -> str:
        """The newest frame as JPEG, when it is asked for."""
        return self._of_camera(camera, "snapshot")

    def preview(self, camera: str) -> str:
        """Small pictures of a camera, as JPEG."""
        return self._of_camera(camera, "preview")

    def _of_station(self, name: str) -> str:
        return f"{self.root}/{self.station}/{name}"

    def _of_camera(self, camera: str, name: str) -> str:
        _check("camera", camera)
        if camera in STATION_TOPICS:
            raise ConfigError(
                f"camera {camera!r}: this name is a topic of the station; expected a name other than"
                f" {', '.join(sorted(STATION_TOPICS))}; rename the camera"
            )
        return f"{self.root}/{self.station}/{camera}/{name}"
