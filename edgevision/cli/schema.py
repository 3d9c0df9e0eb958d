"""`edgevision schema`: the JSON Schemas of files and messages, and what is made of them; all generated."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from edgevision import __version__
from edgevision.errors import OutputError, UsageError

__all__ = ["schema", "schemas"]


def schema(
    name: Annotated[str | None, typer.Argument(help="Which schema; the names are listed without it.")] = None,
    all_: Annotated[
        Path | None, typer.Option("--all", metavar="DIR", help="Write every schema to DIR/NAME.schema.json.")
    ] = None,
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="Print the AsyncAPI 3 document of a station.")
    ] = False,
    reference: Annotated[
        bool, typer.Option("--reference", help="Print the MQTT reference as Markdown.")
    ] = False,
) -> None:
    """Print a JSON Schema: of the station, recipe and bundle files, or of a message on MQTT."""
    from edgevision.messages.asyncapi import asyncapi_document
    from edgevision.messages.reference import mqtt_reference

    known = schemas()
    if all_ is not None:
        _write_all(all_, known)
    elif asyncapi:
        print(_text(asyncapi_document(__version__)), end="")
    elif reference:
        print(mqtt_reference(), end="")
    elif name is None:
        print("\n".join(known))
    elif name in known:
        print(_text(known[name]), end="")
    else:
        raise UsageError(f"no schema {name!r}; expected one of {', '.join(known)}")


def schemas() -> dict[str, dict[str, Any]]:
    """Return name → JSON Schema (2020-12) of every file format and message."""
    from pydantic import BaseModel

    from edgevision import messages, recipe
    from edgevision.bundle import manifest
    from edgevision.config import cascade, station

    files: dict[str, tuple[str, type[BaseModel]]] = {
        "station": (station.SCHEMA, station.Station),
        "recipe": (recipe.SCHEMA, recipe.Recipe),
        "bundle": (manifest.SCHEMA, manifest.Manifest),
        "cascade": (cascade.SCHEMA, cascade.CascadeMeasurement),
    }
    published: dict[str, dict[str, Any]] = {}
    for name, (schema_id, model) in files.items():
        head = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:{schema_id.replace('.', ':').replace('/', ':')}",
        }
        published[name] = head | model.model_json_schema()
    return published | messages.schemas()


def _write_all(folder: Path, known: dict[str, dict[str, Any]]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in known.items():
            (folder / f"{name}.schema.json").write_text(_text(content), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot write the schemas: {error.strerror}; name another folder"
        ) from error


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
