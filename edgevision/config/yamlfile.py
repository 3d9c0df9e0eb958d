"""Reads a small YAML file into plain values and remembers where each of them stands.

Only what settings need: one mapping of text keys, lists and scalars. Tags, merge keys,
duplicate keys and documents built to exhaust memory are refused. Knows no schema.
"""

import codecs
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from edgevision.config.problems import Loc, Place, Problem, config_error
from edgevision.errors import ConfigError

__all__ = ["YamlFile", "read_yaml"]

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 32
_MAX_VALUES = 20_000
_TOP = Place(1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class YamlFile:
    """The values of a file, the place of each value, and what is wrong whatever the schema."""

    path: Path
    values: dict[str, Any]
    places: Mapping[Loc, Place]
    """Where each key (in mappings) or item (in lists) stands."""
    problems: tuple[Problem, ...]

    def place_of(self, loc: Loc) -> Place:
        """Return where `loc` stands, or the nearest thing above it that stands in the file."""
        for length in range(len(loc), 0, -1):
            if loc[:length] in self.places:
                return self.places[loc[:length]]
        return _TOP


def read_yaml(path: Path) -> YamlFile:
    """Read a file.

    Raises ConfigError when it cannot be read, is not UTF-8, is over 1 MB, or is not YAML.
    """
    text = _read_text(path)
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.YAMLError as error:
        raise config_error(path, [_syntax_problem(error, text)]) from error
    if not isinstance(root, yaml.MappingNode):
        what = "an empty file" if root is None else _KINDS[type(root)]
        problem = Problem(_TOP, (), f"expected `key: value` lines, got {what}")
        raise config_error(path, [problem])
    walk = _Walk(loader)
    try:
        values = walk.value((), root, 0)
    except _TooLargeError as error:
        raise config_error(path, [error.problem]) from error
    return YamlFile(path, values, walk.places, tuple(walk.problems))


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; expected a station or recipe in YAML") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path}: expected a YAML file, got a folder; name the file in it") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; check its permissions") from error
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{path}: expected at most 1 MB of YAML, got more; is this the right file?")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(Place(line, 1), (), f"not UTF-8 (byte {error.start}); save the file as UTF-8 text")
        raise config_error(path, [problem]) from error


def _syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        text = f"character U+{error.character:04X} is not allowed in YAML; remove it"
        return Problem(Place(line, 1), (), text)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(_TOP, (), f"not YAML: {error}")
    place = _place(error.problem_mark)
    begun = f" (begun in line {error.context_mark.line + 1})" if error.context_mark else ""
    found = f"{error.context}{begun}: {error.problem}" if error.context else str(error.problem)
    if "'\\t'" in found:
        return Problem(place, (), "a tab cannot indent YAML; use spaces")
    hint = (
        "" if isinstance(error, _DeepError) else "; check the indentation, colons and quotes here and above"
    )
    return Problem(place, (), f"not YAML: {found}{hint}")


def _place(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


class _DeepError(yaml.MarkedYAMLError):
    pass


class _TooLargeError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses nesting so deep that it would exhaust the stack."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > 2 * _MAX_DEPTH:
            raise _DeepError(
                problem=f"nested more than {_MAX_DEPTH} levels deep", problem_mark=self.get_mark()
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_KINDS = {yaml.ScalarNode: "a single value", yaml.SequenceNode: "a list"}


class _Walk:
    """Turns nodes into values; counts every expansion of an alias."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._values = 0
        self.places: dict[Loc, Place] = {}
        self.problems: list[Problem] = []

    def value(self, loc: Loc, node: yaml.Node, depth: int) -> Any:
        self._values += 1
        if self._values > _MAX_VALUES or depth > _MAX_DEPTH:
            limit = f"{_MAX_VALUES} values or {_MAX_DEPTH} levels"
            problem = Problem(_place(node.start_mark), (), f"more than {limit} with its aliases expanded")
            raise _TooLargeError(problem)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(loc, node)
        if node.tag not in _PLAIN_TAGS:
            self._refuse_tag(loc, node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loc, node, depth)
        return [self._item((*loc, i), item, depth) for i, item in enumerate(node.value)]

    def _item(self, loc: Loc, node: yaml.Node, depth: int) -> Any:
        self.places[loc] = _place(node.start_mark)
        return self.value(loc, node, depth + 1)

    def _mapping(self, loc: Loc, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(loc, key_node)
            if key is None:
                continue
            place = _place(key_node.start_mark)
            if key in values:
                first = self.places[*loc, key].line
                self._refuse(place, (*loc, key), f"given twice, first in line {first}; keep one")
                continue
            self.places[*loc, key] = place
            values[key] = self.value((*loc, key), value_node, depth + 1)
        return values

    def _key(self, loc: Loc, node: yaml.Node) -> str | None:
        place = _place(node.start_mark)
        if node.tag == "tag:yaml.org,2002:merge":
            self._refuse(place, loc, "merge keys (<<) are not supported; write the keys out")
        elif node.tag == "tag:yaml.org,2002:str":
            return str(node.value)
        elif isinstance(node, yaml.ScalarNode):
            self._refuse(place, loc, f"the key {node.value} does not read as text; put it in quotes")
        else:
            self._refuse(place, loc, "expected text as a key, got a list or mapping")
        return None

    def _scalar(self, loc: Loc, node: yaml.Node) -> Any:
        place = _place(node.start_mark)
        try:
            value = self._loader.construct_object(node)
        except yaml.constructor.ConstructorError:
            self._refuse_tag(loc, node)
        except ValueError as error:
            self._refuse(place, loc, f"{error}; put the value in quotes if it is text")
        else:
            if isinstance(value, str) and "\0" in value:
                self._refuse(place, loc, "the character U+0000 is not allowed; remove it")
            elif isinstance(value, float) and not math.isfinite(value):
                self._refuse(place, loc, f"expected a finite number, got {node.value}")
            else:
                return value
        return None

    def _refuse_tag(self, loc: Loc, node: yaml.Node) -> None:
        self._refuse(
            _place(node.start_mark), loc, f"the tag {node.tag} is not supported; write a plain value"
        )

    def _refuse(self, place: Place, loc: Loc, text: str) -> None:
        self.problems.append(Problem(place, loc, text))
