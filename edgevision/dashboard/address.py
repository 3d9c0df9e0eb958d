"""Where a message belongs: its topic taken apart. Pure; names that no station can have are refused."""

import re
from dataclasses import dataclass
from enum import StrEnum

from edgevision.messages.topics import STATION_TOPICS

__all__ = ["Address", "Kind", "filters", "read_topic"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Kind(StrEnum):
    """What a topic carries."""

    STATUS = "status"
    STATE = "state"
    INFO = "info"
    ALARM = "alarm"
    RESULT = "result"
    LAST = "last"
    METRICS = "metrics"
    PREVIEW = "preview"
    ANSWER = "answer"
    """To a command: `{root}/{station}/cmd/{verb}/ack`."""


_OF_STATION = {"status": Kind.STATUS, "state": Kind.STATE, "info": Kind.INFO, "alarm": Kind.ALARM}
_OF_CAMERA = {
    "result": Kind.RESULT,
    "last": Kind.LAST,
    "metrics": Kind.METRICS,
    "preview": Kind.PREVIEW,
}


@dataclass(frozen=True, slots=True)
class Address:
    """A topic of one station or of one of its cameras."""

    kind: Kind
    station: str
    camera: str | None = None
    verb: str | None = None
    """Of the answered command."""


def filters(root: str) -> list[tuple[str, int]]:
    """Return the topic filters of a dashboard with their QoS: what counts is not lost on the way."""
    of_station = [(f"{root}/+/{name}", 1) for name in _OF_STATION]
    of_camera = [(f"{root}/+/+/{name}", 1 if name == "result" else 0) for name in _OF_CAMERA]
    return [*of_station, *of_camera, (f"{root}/+/cmd/+/ack", 1)]


def read_topic(root: str, topic: str) -> Address | None:
    """Return whose topic this is; None when it is none of a station's, or its names cannot be."""
    if not topic.startswith(f"{root}/"):
        return None
    levels = topic.removeprefix(f"{root}/").split("/")
    if not all(_NAME.fullmatch(level) for level in levels):
        return None
    match levels:
        case [station, name] if name in _OF_STATION:
            return Address(_OF_STATION[name], station)
        case [station, "cmd", verb, "ack"]:
            return Address(Kind.ANSWER, station, verb=verb)
        case [station, camera, name] if name in _OF_CAMERA and camera not in STATION_TOPICS:
            return Address(_OF_CAMERA[name], station, camera)
        case _:
            return None
