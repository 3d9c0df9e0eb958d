"""The status of a station: one plain word, retained, with a last will.

It is not JSON, so that Home Assistant's availability and a PLC gateway can compare it as it is.
"""

from enum import StrEnum
from typing import Any

__all__ = ["SCHEMA", "Status", "status_schema"]

SCHEMA = "edgevision.status/1"


class Status(StrEnum):
    """`stopped` was planned; `offline` is the last will: the station vanished."""

    ONLINE = "online"
    STOPPED = "stopped"
    OFFLINE = "offline"


def status_schema() -> dict[str, Any]:
    """Return the JSON Schema of the word."""
    return {
        "title": "Status",
        "description": "The payload is the bare word in UTF-8, without quotes.",
        "type": "string",
        "enum": [status.value for status in Status],
    }
