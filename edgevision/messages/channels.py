"""Every topic of a station: who writes it, which message, at what quality of service. A table.

The AsyncAPI document and the MQTT reference are made from it; topics are built by `messages.topics`.
"""

from dataclasses import dataclass
from typing import Literal

from edgevision.messages.command import Verb

__all__ = ["CHANNELS", "Channel"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic, or one for each camera."""

    name: str
    address: str
    """With `{root}`, `{station}` and `{camera}`."""
    message: str | None
    """Name of the schema of its payload; None for a JPEG."""
    qos: Literal[0, 1]
    is_retained: bool
    is_sent: bool
    """By the station; it receives the others."""
    text: str


def _station(name: str, message: str, text: str, *, is_retained: bool) -> Channel:
    return Channel(name, f"{{root}}/{{station}}/{name}", message, 1, is_retained, is_sent=True, text=text)


def _camera(name: str, message: str | None, qos: Literal[0, 1], text: str, *, is_retained: bool) -> Channel:
    address = f"{{root}}/{{station}}/{{camera}}/{name}"
    return Channel(name, address, message, qos, is_retained, is_sent=True, text=text)


def _command(verb: Verb, message: str, text: str) -> Channel:
    address = f"{{root}}/{{station}}/cmd/{verb.value}"
    return Channel(f"cmd-{verb.value}", address, message, 1, is_retained=False, is_sent=False, text=text)


def _answer(verb: Verb) -> Channel:
    address = f"{{root}}/{{station}}/cmd/{verb.value}/ack"
    text = "The answer to a command that names no response topic."
    return Channel(f"ack-{verb.value}", address, "answer", 1, is_retained=False, is_sent=True, text=text)


CHANNELS: tuple[Channel, ...] = (
    _station("status", "status", "The word alone; `offline` is the last will.", is_retained=True),
    _station("state", "state", "State of the machine by its OPC 40100 name.", is_retained=True),
    _station("info", "info", "Versions, recipe, models, engines asked and in use.", is_retained=True),
    _station("alarm", "alarm", "Something needs attention, or no longer does.", is_retained=False),
    _station("commands", "commands", "What became of the commands.", is_retained=True),
    _camera("result", "result", 1, "One for each inspection.", is_retained=False),
    _camera("last", "result", 0, "The newest result, for dashboards.", is_retained=True),
    _camera("metrics", "metrics", 0, "Counts, rate, latency, outbox, evidence.", is_retained=False),
    _camera("counters", "counters", 1, "The books of a triggered camera.", is_retained=True),
    _camera("preview", None, 0, "A small JPEG; its comments name the inspection.", is_retained=False),
    _camera("snapshot", None, 1, "The newest frame as JPEG, on command.", is_retained=False),
    _command(Verb.TRIGGER, "command-trigger", "Inspect what stands there now."),
    _command(Verb.START, "command", "Go on inspecting."),
    _command(Verb.STOP, "command", "Halt; the station stays connected."),
    _command(Verb.RECIPE, "command-recipe", "Inspect by another recipe from the next frame on."),
    _command(Verb.SNAPSHOT, "command-snapshot", "Publish the newest frame."),
    _command(Verb.RELOAD, "command", "Read the station file again."),
    *(_answer(verb) for verb in Verb),
)
