"""The AsyncAPI 3 document of a station, generated from the table of channels and the message schemas."""

import re
from typing import Any

from edgevision.messages.catalogue import schemas
from edgevision.messages.channels import CHANNELS, Channel

__all__ = ["asyncapi_document"]

_JPEG = "jpeg"
_DEF = "#/$defs/"
_SCHEMA = "#/components/schemas/"
_PARAMETERS = {
    "root": "topic_root of the station file; may have several levels.",
    "station": "station of the station file.",
    "camera": "name of a camera of the station file.",
}


def asyncapi_document(version: str) -> dict[str, Any]:
    """Return the document; `version` is that of edgevision."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "edgevision station",
            "version": version,
            "description": "What a station publishes and takes over MQTT 5 or 3.1.1.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {_operation_name(channel): _operation(channel) for channel in CHANNELS},
        "components": {"messages": _messages(), "schemas": _components()},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    message = channel.message or _JPEG
    return {
        "address": channel.address,
        "description": channel.text,
        "parameters": {
            name: {"description": _PARAMETERS[name]} for name in re.findall(r"\{(\w+)\}", channel.address)
        },
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _operation_name(channel: Channel) -> str:
    return f"{'send' if channel.is_sent else 'receive'}-{channel.name}"


def _operation(channel: Channel) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": "send" if channel.is_sent else "receive",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.text,
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.is_retained, "bindingVersion": "0.2.0"}},
    }
    if not channel.is_sent:
        answers = channel.name.replace("cmd-", "ack-")
        operation["reply"] = {
            "address": {
                "location": "$message.header#/responseTopic",
                "description": "The response topic of MQTT 5; without one the answer is on …/ack.",
            },
            "channel": {"$ref": f"#/channels/{answers}"},
        }
    return operation


def _messages() -> dict[str, Any]:
    names = dict.fromkeys(channel.message for channel in CHANNELS if channel.message is not None)
    messages: dict[str, Any] = {
        name: {
            "name": name,
            "contentType": "text/plain" if name == "status" else "application/json",
            "payload": {"$ref": _SCHEMA + name},
        }
        for name in names
    }
    return messages | {_JPEG: {"name": _JPEG, "contentType": "image/jpeg"}}


def _components() -> dict[str, Any]:
    """Return all schemas side by side: their parts are lifted out of them, and found by reference."""
    components: dict[str, Any] = {}
    for name, schema in schemas().items():
        own = {key: value for key, value in schema.items() if key not in ("$defs", "$schema", "$id")}
        components[name] = _relinked(own)
        components |= {part: _relinked(content) for part, content in schema.get("$defs", {}).items()}
    return components


def _relinked(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _relinked(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_relinked(value) for value in node]
    return node.replace(_DEF, _SCHEMA) if isinstance(node, str) else node
