"""Recipes, stations and pictures in a folder, for the tests of whole programs."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import yaml

from edgevision.config.document import LoadedRecipe, load_recipe, load_station
from edgevision.config.station import Station
from edgevision.messages import schemas
from tests.bundles import dark_part, make_bundle

__all__ = [
    "COMMAND",
    "FRUGAL",
    "check_message",
    "loaded_recipe",
    "loaded_station",
    "read_results",
    "run_edgevision",
    "write_parts",
    "write_recipe",
    "write_station",
]

COMMAND = [sys.executable, "-m", "edgevision"]
FRUGAL = ["--engine", "onnxruntime", "--precision", "fp32"]
"""Options that leave nothing to measure."""

_PROCESS_TIMEOUT_S = 900
_VALIDATORS = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


def write_recipe(folder: Path, steps: Sequence[str] = ("surface",), **fields: Any) -> Path:
    """Write a recipe that calls dark parts cracked, with its bundle; `fields` replace those of each step."""
    make_bundle(folder / "tiny.zip")
    recipe = {
        "schema": "edgevision.recipe/1",
        "name": "dark",
        "version": "1.0.0",
        "tasks": [{"name": step, "bundle": "tiny.zip", "scaling": "stretch"} | fields for step in steps],
        "rules": [{"name": "no-crack", "label": "crack", "max_count": 0}],
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


def write_station(folder: Path, *cameras: dict[str, Any], port: int | None = None, **fields: Any) -> Path:
    """Write a station with the recipe beside it; with a port it has a broker on the loopback."""
    station: dict[str, Any] = {
        "schema": "edgevision.station/1",
        "station": "line1",
        "recipe": str(write_recipe(folder)),
        "cameras": [{"name": f"cam{number}"} | camera for number, camera in enumerate(cameras, 1)],
        "engine": {"name": "onnxruntime", "provider": "cpu", "precision": "fp32", "threads": 1},
    }
    if port is not None:
        station["mqtt"] = {
            "host": "127.0.0.1",
            "port": port,
            "reconnect_min_s": 0.1,
            "reconnect_max_s": 0.2,
        }
    path = folder / "station.yaml"
    path.write_text(yaml.safe_dump(station | fields, sort_keys=False))
    return path


def loaded_station(path: Path) -> tuple[Station, LoadedRecipe]:
    """Return what the daemon is made of."""
    station = load_station(path)
    return station, load_recipe(station.recipe)


def loaded_recipe(folder: Path) -> LoadedRecipe:
    """Write a recipe and return it."""
    return load_recipe(write_recipe(folder))


def write_parts(folder: Path, count: int = 6, *, truth: bool = False) -> Path:
    """Write pictures `part1.png`, …, every third of them defective; `truth` calls part 1 bad, too."""
    folder.mkdir()
    rows = ["file,truth"]
    for number in range(1, count + 1):
        cv2.imwrite(str(folder / f"part{number}.png"), dark_part((96, 64), defective=number % 3 == 0))
        rows.append(f"part{number}.png,{'NG' if number % 3 == 0 or number == 1 else 'OK'}")
    if truth:
        (folder / "truth.csv").write_text("\n".join(rows) + "\n")
    return folder


def check_message(name: str, message: object) -> None:
    """Check a message against its published schema."""
    _VALIDATORS[name].validate(message)


def read_results(path: Path) -> list[dict[str, Any]]:
    """Return the results in a file of lines, each checked against the schema."""
    messages = [json.loads(line) for line in path.read_bytes().splitlines()]
    for message in messages:
        check_message("result", message)
    return messages


def run_edgevision(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
        timeout=_PROCESS_TIMEOUT_S,
    )
