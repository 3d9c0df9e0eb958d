"""The JSON Schemas of all messages, generated from the models. Nothing is stored in files."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from edgevision.messages import alarm, command, counters, info, metrics, result, state, status
from edgevision.messages.wire import MessageModel

__all__ = ["schemas"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_MODELS: dict[str, tuple[str, type[MessageModel]]] = {
    "result": (result.SCHEMA, result.ResultMessage),
    "state": (state.SCHEMA, state.StateMessage),
    "info": (info.SCHEMA, info.InfoMessage),
    "metrics": (metrics.SCHEMA, metrics.MetricsMessage),
    "alarm": (alarm.SCHEMA, alarm.AlarmMessage),
    "counters": (counters.COUNTERS_SCHEMA, counters.CountersMessage),
    "commands": (counters.COMMANDS_SCHEMA, counters.CommandsMessage),
    "command": ("edgevision.command/1", command.Command),
    "command-trigger": ("edgevision.command-trigger/1", command.TriggerCommand),
    "command-recipe": ("edgevision.command-recipe/1", command.RecipeCommand),
    "command-snapshot": ("edgevision.command-snapshot/1", command.SnapshotCommand),
    "answer": (command.ANSWER_SCHEMA, command.AnswerMessage),
}


class _AbsentNotNull(GenerateJsonSchema):
    """A field that does not apply is left out of a message; it is never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def _published(schema_id: str, schema: dict[str, Any]) -> dict[str, Any]:
    name, _, version = schema_id.partition("/")
    return {"$schema": _DIALECT, "$id": f"urn:{name.replace('.', ':')}:{version}", **schema}


def schemas() -> dict[str, dict[str, Any]]:
    """Return name of the message → JSON Schema (2020-12); a `last` message is a `result`."""
    published = {
        name: _published(
            schema_id, model.model_json_schema(schema_generator=_AbsentNotNull, mode="serialization")
        )
        for name, (schema_id, model) in _MODELS.items()
    }
    return published | {"status": _published(status.SCHEMA, status.status_schema())}
