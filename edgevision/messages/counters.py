"""The counters: the books of a triggered camera, and of the station's commands. Counting is not done here."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from edgevision.books import TriggerCounts
from edgevision.messages.wire import MessageModel, epoch_ms, iso_utc

__all__ = [
    "COMMANDS_SCHEMA",
    "COUNTERS_SCHEMA",
    "CommandCounts",
    "CommandsMessage",
    "CountersMessage",
    "commands_message",
    "counters_message",
]

COUNTERS_SCHEMA = "edgevision.counters/1"
COMMANDS_SCHEMA = "edgevision.commands/1"

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class CommandCounts:
    """What became of the messages on command topics since the start."""

    accepted: int = 0
    refused: int = 0
    """Answered with a reason: not readable, not allowed, not possible, or failed."""
    repeated: int = 0
    """Had the id of an earlier command and got its answer again."""
    ignored: int = 0
    """Retained by the broker, which no command may be."""
    dropped: int = 0
    """Came faster than they can be answered."""


class CountersMessage(MessageModel):
    """Retained on `{root}/{station}/{camera}/counters` of cameras that are triggered or inspect at intervals.

    Counts since `since_ts`. In every message `triggers = ok + ng + nd + pending`; nothing is pending
    between triggers, and at the end.
    """

    schema_: Annotated[Literal["edgevision.counters/1"], Field(alias="schema")]
    ts: int
    """Milliseconds since the epoch."""
    time: str
    """The same in ISO-8601 UTC."""
    since_ts: int
    """When the station was started."""
    station: str
    camera: str
    triggers: Count
    """Accepted."""
    ok: Count
    ng: Count
    nd: Count
    pending: Count
    """Accepted, and the verdict is yet to come."""
    triggers_refused: Count
    """Came while the camera was not ready: too many pending, halted, stopping."""
    triggers_late: Count
    """Of nd: answered at their deadline while the inspection was still going on."""


class CommandsMessage(MessageModel):
    """Retained on `{root}/{station}/commands`. Counts since `since_ts`."""

    schema_: Annotated[Literal["edgevision.commands/1"], Field(alias="schema")]
    ts: int
    """Milliseconds since the epoch."""
    time: str
    """The same in ISO-8601 UTC."""
    since_ts: int
    """When the station was started."""
    station: str
    accepted: Count
    refused: Count
    """Answered with a reason: not readable, not allowed, not possible, or failed."""
    repeated: Count
    """Had the id of an earlier command and got its answer again."""
    ignored: Count
    """Retained by the broker, which no command may be."""
    dropped: Count
    """Came faster than they can be answered."""


def counters_message(
    camera: str, counts: TriggerCounts, *, station: str, since_ns: int, now_ns: int
) -> dict[str, Any]:
    """Return the counters of a camera; both times are UTC."""
    return CountersMessage.model_validate(
        {
            "schema": COUNTERS_SCHEMA,
            "ts": epoch_ms(now_ns),
            "time": iso_utc(now_ns),
            "since_ts": epoch_ms(since_ns),
            "station": station,
            "camera": camera,
            **asdict(counts),
        }
    ).to_dict()


def commands_message(counts: CommandCounts, *, station: str, since_ns: int, now_ns: int) -> dict[str, Any]:
    """Return the counters of the commands; both times are UTC."""
    return CommandsMessage.model_validate(
        {
            "schema": COMMANDS_SCHEMA,
            "ts": epoch_ms(now_ns),
            "time": iso_utc(now_ns),
            "since_ts": epoch_ms(since_ns),
            "station": station,
            **asdict(counts),
        }
    ).to_dict()
