"""What may be asked of a station: the payloads of commands, and the answer to each. Pure formats.

A command is JSON on `{root}/{station}/cmd/{verb}`. Its answer goes to the response topic of MQTT 5,
with the correlation data, or else to `…/cmd/{verb}/ack`.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from edgevision.messages.wire import MessageModel, epoch_ms, iso_utc

__all__ = [
    "ANSWER_SCHEMA",
    "COMMAND_MODELS",
    "AnswerMessage",
    "Command",
    "CommandId",
    "RecipeCommand",
    "SnapshotCommand",
    "TriggerCommand",
    "Verb",
    "answer_message",
    "printable",
]

ANSWER_SCHEMA = "edgevision.answer/1"

CommandId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
Printable = Annotated[str, Field(pattern=rf"^{_PRINTABLE.pattern}$")]
Camera = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]


def printable(text: str | None) -> str | None:
    """Return a name as it may be logged and written down; None for anything else."""
    return text if text is not None and _PRINTABLE.fullmatch(text) else None


class Verb(StrEnum):
    """The commands, as in their topics."""

    START = "start"
    STOP = "stop"
    TRIGGER = "trigger"
    RECIPE = "recipe"
    SNAPSHOT = "snapshot"
    RELOAD = "reload"


class Command(MessageModel):
    """`start`, `stop` and `reload`; the others add to it."""

    model_config = ConfigDict(strict=True)

    id: CommandId
    """Chosen by the sender, a new one for each command: a repeated id is not carried out again."""
    by: Printable | None = None
    """Who asks, for the change log; the MQTT 5 user property `user` goes before it."""


class TriggerCommand(Command):
    """`trigger`: inspect what stands before the camera now. The id becomes the trigger id."""

    part_id: Printable | None = None
    """Serial or batch of the part, when the line knows it."""
    camera: Camera | None = None
    """Every triggered camera when absent."""


class RecipeCommand(Command):
    """`recipe`: inspect by another recipe from the next frame on."""

    recipe: FileName
    """Name of a file in the station's folder of recipes."""


class SnapshotCommand(Command):
    """`snapshot`: publish the newest frame as JPEG on `{root}/{station}/{camera}/snapshot`."""

    camera: Camera | None = None
    """Every camera when absent."""


COMMAND_MODELS: dict[Verb, type[Command]] = {
    Verb.START: Command,
    Verb.STOP: Command,
    Verb.TRIGGER: TriggerCommand,
    Verb.RECIPE: RecipeCommand,
    Verb.SNAPSHOT: SnapshotCommand,
    Verb.RELOAD: Command,
}


class AnswerMessage(MessageModel):
    """What became of a command. A trigger is answered when it is accepted; its verdict is a result."""

    schema_: Annotated[Literal["edgevision.answer/1"], Field(alias="schema")]
    ts: int
    """Milliseconds since the epoch."""
    time: str
    """The same in ISO-8601 UTC."""
    station: str
    verb: Verb
    id: CommandId | None = None
    """Of the command; absent when it had none that can be read."""
    ok: bool
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """`done`, `accepted`, or why not, for machines."""
    text: str
    """The same for people."""
    cameras: tuple[str, ...] | None = None
    """Which cameras took a trigger or gave a snapshot."""


def answer_message(
    verb: Verb,
    command_id: str | None,
    *,
    station: str,
    now_ns: int,
    ok: bool,
    code: str,
    text: str,
    cameras: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Return the answer to a command. `now_ns` is UTC."""
    return AnswerMessage(
        schema_=ANSWER_SCHEMA,
        ts=epoch_ms(now_ns),
        time=iso_utc(now_ns),
        station=station,
        verb=verb,
        id=command_id,
        ok=ok,
        code=code,
        text=text,
        cameras=cameras,
    ).to_dict()
