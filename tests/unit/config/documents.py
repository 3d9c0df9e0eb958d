"""A small station and a small recipe as text, and what is said of a wrong one."""

from pathlib import Path

import pytest

from edgevision.config.document import load_any
from edgevision.errors import ConfigError

__all__ = ["RECIPE", "STATION", "refusal", "write"]

RECIPE = """\
schema: edgevision.recipe/1
name: plate
version: "1.0"
tasks:
  - name: surface
    bundle: builtin:surface-crack
rules:
  - name: no-crack
    label: crack
    max_count: 0
"""

STATION = """\
schema: edgevision.station/1
station: line1
recipe: recipes/plate.yaml
cameras:
  - name: cam1
    source: 0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> list[str]:
    """Return the lines of the message without the path."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_any(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]
