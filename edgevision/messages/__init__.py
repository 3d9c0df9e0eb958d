"""The messages of a station: models, JSON Schemas, topics. Pure; sending is `edgevision.mqtt`."""

from edgevision.messages.alarm import Severity, alarm_message, alarm_record
from edgevision.messages.catalogue import schemas
from edgevision.messages.command import COMMAND_MODELS, Command, Verb, answer_message
from edgevision.messages.counters import CommandCounts, commands_message, counters_message
from edgevision.messages.info import HostFacts, info_message
from edgevision.messages.inspected import encoded_result, result_message
from edgevision.messages.metrics import CameraFigures, EvidenceFigures, OutboxFigures, metrics_message
from edgevision.messages.result import VOLATILE_FIELDS
from edgevision.messages.stamp import stamp_published
from edgevision.messages.state import MachineState, state_message
from edgevision.messages.status import Status
from edgevision.messages.topics import Topics
from edgevision.messages.wire import encode, iso_utc

__all__ = [
    "COMMAND_MODELS",
    "VOLATILE_FIELDS",
    "CameraFigures",
    "Command",
    "CommandCounts",
    "EvidenceFigures",
    "HostFacts",
    "MachineState",
    "OutboxFigures",
    "Severity",
    "Status",
    "Topics",
    "Verb",
    "alarm_message",
    "alarm_record",
    "answer_message",
    "commands_message",
    "counters_message",
    "encode",
    "encoded_result",
    "info_message",
    "iso_utc",
    "metrics_message",
    "result_message",
    "schemas",
    "stamp_published",
    "state_message",
]
