"""Turns what pydantic reports about a document into plain sentences for whoever wrote it."""

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from edgevision.config.problems import Loc

__all__ = ["PATTERNS", "explain", "suggestion"]

PATTERNS: Mapping[str, str] = {
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$": (
        "a name of at most 64 letters, digits, '_', '.' and '-' that begins with a letter or digit"
    ),
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$": (
        "the name of a file, at most 128 letters, digits, '_', '.' and '-' that begin with a letter or digit"
    ),
    r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$": (
        "at most 64 letters, digits, '_', '.', ':' and '-' that begin with a letter or digit"
    ),
    r"^[^\x00-\x1f\x7f]{1,128}$": "1 to 128 characters without line breaks",
    r"^\d+(\.\d+){1,2}$": 'a version such as "1.0" or "1.2.3"',
    r"^\d+\.\d+\.\d+$": 'a version such as "1.2.3"',
    r"^[^\s\x00-\x1f](.{0,98}[^\s\x00-\x1f])?$": (
        "a name of 1 to 100 characters, without line breaks and without spaces at its ends"
    ),
    r"^[a-z0-9][a-z0-9-]{0,63}$": "a name of at most 64 small letters, digits and '-'",
    r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}$": "the name of a credential: letters, digits, '_', '.' and '-'",
    r"^([^\s:/@\[\]]{1,255}|[0-9A-Fa-f]*(:[0-9A-Fa-f.]*){2,8}(%[A-Za-z0-9_.-]+)?)$": (
        "the name or the address of a host alone, such as broker.plant or 192.0.2.7 (`port` and `tls` are "
        "keys of their own)"
    ),
    r"^[0-9a-f]{64}$": "a SHA-256: 64 digits and letters a to f",
    r"^[^/+#$\s]+(/[^/+#\s]+)*$": "levels of a topic between single slashes, without '+', '#' and spaces",
    r"^[^/+#$\s][^+#$\s]*[^/+#$\s]$": (
        "an MQTT topic such as plant1/edgevision: no '+', '#', '$' or space, no '/' at either end"
    ),
}
"""What each pattern of the formats asks for, in words."""

_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_NOUNS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "path": "a path",
    "tuple": "a list",
    "list": "a list",
    "dict": "keys with values",
    "mapping": "keys with values",
    "model": "keys with values",
}


def explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return one sentence or two: what was expected, what was got, and what to do.

    Args:
        error: one entry of `ValidationError.errors()` raised by `model`.
        model: the model of the whole document.
    """
    handler = _HANDLERS.get(error["type"])
    if handler is not None:
        return handler(error, model)
    noun = _NOUNS.get(error["type"].partition("_")[0])
    if noun is not None:
        return _expected(noun, error["input"]) + _type_hint(noun, error["input"])
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}, got {_shown(error['input'])}"


def suggestion(word: str, known: list[str]) -> str:
    """Return `; did you mean 'x'?`, or which words there are when none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""


def _expected(what: str, got: object) -> str:
    return f"expected {what}, got {_shown(got)}"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)


def _unknown_key(error: ErrorDetails, model: type[BaseModel]) -> str:
    *above, key = error["loc"]
    return f"unknown key{suggestion(str(key), _keys_at(model.model_json_schema(), tuple(above)))}"


def _missing(error: ErrorDetails, _: type[BaseModel]) -> str:
    last = error["loc"][-1]
    return f"expected more items, got {last}" if isinstance(last, int) else "missing; add it"


def _own_words(error: ErrorDetails, _: type[BaseModel]) -> str:
    return str(error["ctx"]["error"])


def _tag(error: ErrorDetails, _: type[BaseModel]) -> str:
    """A list of different kinds of items: the key that says which kind is wrong."""
    key, tags = (error["ctx"][name].replace("'", "") for name in ("discriminator", "expected_tags"))
    got = error["ctx"]["tag"]
    return f"{key}: {_expected(f'one of {tags}', got)}{suggestion(got, tags.split(', '))}"


def _literal(error: ErrorDetails, _: type[BaseModel]) -> str:
    expected, got = error["ctx"]["expected"], error["input"]
    words = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    sentence = _expected(f"one of {', '.join(words)}" if len(words) > 1 else words[0], got)
    if not isinstance(got, str):
        return sentence + ("; put it in quotes" if str(got) in words else "")
    near = difflib.get_close_matches(got, words, n=1, cutoff=0.6)
    return sentence + (f"; did you mean {near[0]!r}?" if near else "")


def _pattern(error: ErrorDetails, _: type[BaseModel]) -> str:
    pattern = error["ctx"]["pattern"]
    return _expected(PATTERNS.get(pattern, f"text like {pattern}"), error["input"])


def _bound(error: ErrorDetails, _: type[BaseModel]) -> str:
    words, key = _BOUNDS[error["type"]]
    return _expected(f"{words} {_number(error['ctx'][key])}", error["input"])


def _length(error: ErrorDetails, _: type[BaseModel]) -> str:
    context = error["ctx"]
    is_short = error["type"].endswith("short")
    limit = f"at least {context['min_length']}" if is_short else f"at most {context['max_length']}"
    if error["type"].startswith("string"):
        return _expected(f"{limit} characters", error["input"])
    return f"expected {limit} in the list, got {context['actual_length']}"


_HANDLERS: Mapping[str, Callable[[ErrorDetails, type[BaseModel]], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "value_error": _own_words,
    "literal_error": _literal,
    "union_tag_invalid": _tag,
    "string_pattern_mismatch": _pattern,
    "too_short": _length,
    "too_long": _length,
    "string_too_short": _length,
    "string_too_long": _length,
    **dict.fromkeys(_BOUNDS, _bound),
}


def _type_hint(noun: str, got: object) -> str:
    if noun == "text" and isinstance(got, (bool, int, float)):
        return "; put it in quotes"
    if noun == "a list" and isinstance(got, dict):
        return "; begin each item with '- '"
    return ""


def _keys_at(schema: Mapping[str, Any], loc: Loc) -> list[str]:
    """Return the keys that the JSON Schema allows at `loc`."""
    definitions = schema.get("$defs", {})
    node: Mapping[str, Any] = schema
    for part in loc:
        kinds = node.get("discriminator", {}).get("mapping", {})
        if part in kinds:
            node = {"$ref": kinds[part]}
            continue
        node = _resolved(node, definitions)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return list(_resolved(node, definitions).get("properties", {}))


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    for option in node.get("anyOf", ()):
        if "$ref" in option:
            node = option
    if "$ref" in node:
        resolved: Mapping[str, Any] = definitions[node["$ref"].rpartition("/")[2]]
        return resolved
    return node
