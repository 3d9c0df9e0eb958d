"""Reads the YAML files that say how to train and what a model is, strictly, into their pydantic models.

What a file may say stands beside its model; this knows only how mistakes are told.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from edgevision.config.problems import Problem, config_error
from edgevision.config.sentences import explain
from edgevision.config.yamlfile import read_yaml

__all__ = ["has_schema", "read_config"]

_Model = TypeVar("_Model", bound=BaseModel)


def has_schema(path: Path, schema: str) -> bool:
    """Tell files of one schema from others. Raises ConfigError."""
    return read_yaml(path).values.get("schema") == schema


def read_config(path: Path, model: type[_Model]) -> _Model:
    """Read a file. Raises ConfigError with file, line, key and remedy of everything that is wrong."""
    document = read_yaml(path)
    problems = list(document.problems)
    try:
        config = model.model_validate(document.values)
    except ValidationError as error:
        problems += [
            Problem(document.place_of(details["loc"]), details["loc"], explain(details, model))
            for details in error.errors(include_url=False)
        ]
        raise config_error(path, problems) from error
    if problems:
        raise config_error(path, problems)
    return config
