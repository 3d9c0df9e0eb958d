"""What is wrong with a file, where, and how that is told to a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edgevision.errors import ConfigError

__all__ = ["Loc", "Place", "Problem", "WrongKey", "config_error", "key_path"]

Loc = tuple[str | int, ...]
"""Keys and list indices from the top of a document down to a value."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `text` says what was expected, what was got and what to do."""

    place: Place
    loc: Loc
    text: str


class WrongKey(ValueError):
    """What a validator of a whole part raises to name the key inside it that is to be changed."""

    def __init__(self, loc: Loc, text: str) -> None:
        """Take the key, from the validated part down, and what is wrong."""
        super().__init__(text)
        self.loc = loc


def key_path(loc: Loc) -> str:
    """Return `cameras[0].source` for `("cameras", 0, "source")`; unprintable keys are escaped."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{_printable(part)}"
    return path.removeprefix(".")


def _printable(key: str) -> str:
    return key if key.isprintable() else ascii(key)[1:-1]


def config_error(path: Path, problems: Iterable[Problem]) -> ConfigError:
    """Return one error that lists every problem of a file, in the order of its lines."""
    lines = []
    for problem in sorted(problems, key=lambda problem: problem.place):
        key = f"{key_path(problem.loc)}: " if problem.loc else ""
        lines.append(f"{path}:{problem.place.line}:{problem.place.column}: {key}{problem.text}")
    return ConfigError("\n".join(lines))
