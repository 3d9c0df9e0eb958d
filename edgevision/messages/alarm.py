"""The alarm message: something needs a person's attention, or no longer does."""

import uuid
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from edgevision.messages.wire import MessageModel, epoch_ms, iso_utc

__all__ = ["SCHEMA", "AlarmMessage", "Severity", "alarm_message", "alarm_record"]

SCHEMA = "edgevision.alarm/1"

_ALARM_IDS = uuid.UUID("3f0b7e52-6a52-5c9b-8f6d-1e9c6d0b2a77")
"""Namespace of the ids under which alarms are found in the journal."""


class Severity(StrEnum):
    """How much it matters: `error` means that inspection or its records suffer."""

    WARNING = "warning"
    ERROR = "error"


class AlarmMessage(MessageModel):
    """On `{root}/{station}/alarm`, QoS 1. It comes again with a new text, and not `active` at its end."""

    schema_: Annotated[Literal["edgevision.alarm/1"], Field(alias="schema")]
    ts: int
    """Milliseconds since the epoch."""
    time: str
    """The same in ISO-8601 UTC."""
    station: str
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    severity: Severity
    active: bool
    camera: str | None = None
    """Absent when the alarm is about the whole station."""
    text: str
    """One sentence for people: what happened and what to do."""


def alarm_message(
    code: str,
    text: str,
    *,
    station: str,
    severity: Severity,
    active: bool,
    now_ns: int,
    camera: str | None = None,
) -> dict[str, Any]:
    """Return the alarm message. `now_ns` is UTC."""
    return AlarmMessage(
        schema_=SCHEMA,
        ts=epoch_ms(now_ns),
        time=iso_utc(now_ns),
        station=station,
        code=code,
        severity=severity,
        active=active,
        camera=camera,
        text=text,
    ).to_dict()


def alarm_record(code: str, *, active: bool, camera: str | None = None) -> dict[str, Any]:
    """Return the `extra` of an alarm's log record, for journald to index; each code has its MESSAGE_ID."""
    fields = {
        "MESSAGE_ID": uuid.uuid5(_ALARM_IDS, code).hex,
        "EDGEVISION_ALARM": code,
        "EDGEVISION_ACTIVE": str(int(active)),
    }
    return {"journal": fields | ({"EDGEVISION_CAMERA": camera} if camera else {})}
