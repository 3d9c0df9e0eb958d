"""Turns the bytes of `manifest.json` into a manifest, or into an error a person can act on."""

from pydantic import ValidationError
from pydantic_core import from_json

from edgevision.bundle.manifest import SCHEMA, Manifest
from edgevision.config.problems import key_path
from edgevision.config.sentences import explain
from edgevision.errors import ManifestError

__all__ = ["parse_manifest"]


def parse_manifest(data: bytes, source: str) -> Manifest:
    """Parse a manifest; `source` names its bundle in errors. Raises ManifestError."""
    where = f"{source}: manifest.json"
    try:
        values = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise ManifestError(
            f"{where}: expected JSON: {error}; correct it or build the bundle again"
        ) from error
    if not isinstance(values, dict):
        raise ManifestError(
            f"{where}: expected an object, got {type(values).__name__}; build the bundle again"
        )
    if values.get("schema") != SCHEMA:
        raise ManifestError(
            f"{where}: schema: expected {SCHEMA}, got {values.get('schema')!r}; "
            "use an edgevision that knows it, or build the bundle again"
        )
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        raise ManifestError(_sentences(where, error)) from error


def _sentences(where: str, error: ValidationError) -> str:
    lines = []
    for details in error.errors(include_url=False):
        key = key_path(details["loc"])
        lines.append(f"{where}: {key + ': ' if key else ''}{explain(details, Manifest)}")
    return "\n".join(lines)
