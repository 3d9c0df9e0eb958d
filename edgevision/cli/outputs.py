"""Keeps commands from writing over what they read, or one of their files over another."""

import os
from collections.abc import Iterable
from pathlib import Path

from edgevision.capture.address import IMAGE_SUFFIXES
from edgevision.errors import UsageError

__all__ = ["keep_apart"]


def keep_apart(
    read: Iterable[str | Path], written: Iterable[Path | None], folders: Iterable[Path] = ()
) -> None:
    """Compare the paths that a command reads and those it writes, None where it writes none.

    Into `folders` it writes pictures under the names of what it reads.

    Raises:
        UsageError: a file would be written over one that is read, or over another one that is written.
    """
    inputs, outputs = {_place(each) for each in read}, set()
    for path in written:
        if path is None:
            continue
        place = _place(path)
        if place in inputs:
            raise UsageError(f"{path}: is an input of this command; write to another place")
        if place.parent in inputs and place.is_file():
            raise UsageError(f"{path}: is a file of an input folder; write to another place, or delete it")
        if place in outputs:
            raise UsageError(f"{path}: is named for two outputs; give each a place of its own")
        outputs.add(place)
    holding = inputs | {place.parent for place in inputs if place.suffix.lower() in IMAGE_SUFFIXES}
    for folder in folders:
        if _place(folder) in holding:
            raise UsageError(f"{folder}: holds pictures that this command reads; write to another folder")


def _place(path: str | Path) -> Path:
    """Return the path without links; `Path.resolve` raises RuntimeError where they lead in a circle."""
    return Path(os.path.realpath(path))
