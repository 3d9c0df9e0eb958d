"""The MQTT reference in Markdown: a table of all topics and one for the fields of each message. Generated."""

from collections.abc import Iterator
from typing import Any

from edgevision.messages.catalogue import schemas
from edgevision.messages.channels import CHANNELS, Channel

__all__ = ["mqtt_reference"]


def mqtt_reference() -> str:
    """Return the tables."""
    published = schemas()
    lines = ["## Topics", "", *_topics()]
    for name, schema in published.items():
        lines += ["", f"## `{name}`", "", _flat(schema.get("description", "")), ""]
        parts = schema.get("$defs", {})
        lines += _fields(schema, parts) if "properties" in schema else [_words(schema)]
        for part, content in parts.items():
            if "properties" in content:
                lines += ["", f"### `{part}` in `{name}`", "", _flat(content.get("description", "")), ""]
                lines += _fields(content, parts)
    return "\n".join(lines) + "\n"


def _topics() -> Iterator[str]:
    yield "| topic | from | payload | QoS | retained | |"
    yield "|---|---|---|---|---|---|"
    for channel in CHANNELS:
        yield _topic(channel)


def _topic(channel: Channel) -> str:
    payload = f"[`{channel.message}`](#{channel.message})" if channel.message else "JPEG"
    cells = (
        f"`{channel.address}`",
        "station" if channel.is_sent else "you",
        payload,
        str(channel.qos),
        "yes" if channel.is_retained else "no",
        channel.text,
    )
    return f"| {' | '.join(cells)} |"


def _fields(schema: dict[str, Any], parts: dict[str, Any]) -> Iterator[str]:
    yield "| field | type | always | |"
    yield "|---|---|---|---|"
    required = set(schema.get("required", ()))
    for name, field in schema["properties"].items():
        always = "yes" if name in required else ""
        yield f"| `{name}` | {_type(field, parts)} | {always} | {_flat(field.get('description', ''))} |"


def _type(field: dict[str, Any], parts: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return _words(parts[name]) if "enum" in parts[name] else f"`{name}`"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return _words(field)
    if field["type"] == "array":
        inside = field.get("items") or field["prefixItems"][0]
        return f"list of {_type(inside, parts)}"
    return str(field["type"])


def _words(schema: dict[str, Any]) -> str:
    return ", ".join(f"`{value}`" for value in schema["enum"])


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
