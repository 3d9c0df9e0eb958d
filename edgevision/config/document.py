"""Reads station and recipe files; every error names file, line, key, expectation and remedy.

Checks a file against its schema only. That the bundles of a recipe exist and know the
labels of its rules is for whoever opens bundles.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from edgevision.config.problems import Loc, Problem, WrongKey, config_error
from edgevision.config.sentences import explain
from edgevision.config.station import SCHEMA as STATION_SCHEMA
from edgevision.config.station import Station
from edgevision.config.yamlfile import YamlFile, read_yaml
from edgevision.errors import ConfigError
from edgevision.recipe import SCHEMA as RECIPE_SCHEMA
from edgevision.recipe import Recipe
from edgevision.types import RecipeRef

__all__ = ["LoadedRecipe", "LoadedStation", "load_any", "load_recipe", "load_station", "recipe_ref"]

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedStation:
    """A station and the file it came from. Paths in `station` are absolute."""

    station: Station
    document: YamlFile

    def error(self, loc: Loc, text: str) -> ConfigError:
        """Return an error about the key at `loc`, with its line."""
        return _error_at(self.document, loc, text)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedRecipe:
    """A recipe, what identifies it, and the file it came from."""

    recipe: Recipe
    ref: RecipeRef
    base_dir: Path
    """Bundles that are not `builtin:` are relative to this folder."""
    document: YamlFile

    def error(self, loc: Loc, text: str) -> ConfigError:
        """Return an error about the key at `loc`, with its line."""
        return _error_at(self.document, loc, text)


def load_any(path: Path) -> LoadedStation | LoadedRecipe:
    """Read a station or a recipe, whichever its `schema` says; raises ConfigError."""
    document = read_yaml(path)
    schema = document.values.get("schema")
    if schema not in (STATION_SCHEMA, RECIPE_SCHEMA):
        got = "missing" if schema is None else f"got {schema!r}"
        text = f"{got}; expected {STATION_SCHEMA} or {RECIPE_SCHEMA}"
        raise _error_at(document, ("schema",), text)
    return _loaded_station(document) if schema == STATION_SCHEMA else _loaded_recipe(document)


def load_station(path: Path) -> Station:
    """Read a station file; its relative paths are resolved against the file. Raises ConfigError."""
    return _loaded_station(read_yaml(path)).station


def load_recipe(path: Path) -> LoadedRecipe:
    """Read a recipe file. Raises ConfigError."""
    return _loaded_recipe(read_yaml(path))


def recipe_ref(recipe: Recipe) -> RecipeRef:
    """Return what identifies a recipe; comments, key order and omitted defaults do not change it."""
    content = recipe.model_dump(mode="json", by_alias=True, exclude_none=True)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return RecipeRef(recipe.name, recipe.version, hashlib.sha256(canonical.encode()).hexdigest())


def _loaded_station(document: YamlFile) -> LoadedStation:
    station = _validated(document, STATION_SCHEMA, Station)
    return LoadedStation(_with_absolute_paths(station, document.path.absolute().parent), document)


def _loaded_recipe(document: YamlFile) -> LoadedRecipe:
    recipe = _validated(document, RECIPE_SCHEMA, Recipe)
    return LoadedRecipe(recipe, recipe_ref(recipe), document.path.absolute().parent, document)


def _validated(document: YamlFile, schema: str, model: type[_Model]) -> _Model:
    found = document.values.get("schema", schema)
    if found != schema:
        raise _error_at(document, ("schema",), f"expected {schema}, got {found!r}; is this the right file?")
    try:
        value = model.model_validate(document.values)
    except ValidationError as error:
        problems = [*document.problems, *_problems(document, model, error)]
        raise config_error(document.path, problems) from error
    if document.problems:
        raise config_error(document.path, document.problems)
    return value


def _problems(document: YamlFile, model: type[BaseModel], error: ValidationError) -> Iterator[Problem]:
    refused = {problem.loc for problem in document.problems}
    for details in error.errors(include_url=False):
        cause = details.get("ctx", {}).get("error")
        inside = cause.loc if isinstance(cause, WrongKey) else ()
        loc = _in_file((*details["loc"], *inside), document.values)
        if loc not in refused and not _is_consequence(details):
            yield Problem(document.place_of(loc), loc, explain(details, model))


def _in_file(loc: Loc, values: Any) -> Loc:
    """Leave out of a key's path what the file does not have: which kind of step an item was taken for."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(values, dict) and part not in values and part == values.get("task", "segment"):
            continue
        path.append(part)
        inside = isinstance(values, dict) and part in values
        inside |= isinstance(values, list) and isinstance(part, int) and part < len(values)
        values = values[part] if inside else None
    return tuple(path)


def _is_consequence(details: ErrorDetails) -> bool:
    """True for a list that is only too short because its items, reported by themselves, are wrong."""
    context = details.get("ctx", {})
    return details["type"] == "too_short" and len(details["input"]) >= context["min_length"]


def _error_at(document: YamlFile, loc: Loc, text: str) -> ConfigError:
    return config_error(document.path, [Problem(document.place_of(loc), loc, text)])


def _with_absolute_paths(part: Any, base_dir: Path) -> Any:
    """Return `part` with every Path in it, and every camera source that is a path, absolute."""
    if isinstance(part, tuple):
        return tuple(_with_absolute_paths(item, base_dir) for item in part)
    if isinstance(part, Path):
        return base_dir / part
    if not isinstance(part, BaseModel):
        return part
    update = {name: _with_absolute_paths(value, base_dir) for name, value in part}
    source = update.get("source")
    if isinstance(source, str) and _is_path(source):
        update["source"] = str(base_dir / source)
    return part.model_copy(update=update)


def _is_path(source: str) -> bool:
    return not (source.isdigit() or "://" in source or source.startswith("sample:"))
