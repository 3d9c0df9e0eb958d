"""The files that the tests of this folder look at."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["ROOT", "python_files", "text_files", "tracked_files"]

ROOT = Path(__file__).parents[2]


def python_files(*folders: str) -> list[Path]:
    """Return the Python files of the top-level folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def tracked_files() -> list[Path]:
    """Return the files that git tracks; skips the test outside a git checkout."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout, so nobody knows which files belong to it")
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def text_files() -> Iterator[tuple[Path, str]]:
    """Yield the tracked files that are text, with their text."""
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path, content.decode()
