"""Keeps commands from writing over what they read, or one of their files over another."""

import os
from collections.abc import Iterable
from pathlib import Path

from edgevision.errors import UsageError

__all__ = ["keep_apart"]


def keep_apart(read: Iterable[str | Path], written: Iterable[Path | None]) -> None:
    """Compare the paths that a command reads and those it writes, None where it writes none.

    Raises:
        UsageError: a file would be written over one that is read, or over another one that is written.
    """
    inputs, outputs = {os.path.realpath(each) for each in read}, set()
    for path in written:
        if path is None:
            continue
        place = os.path.realpath(path)
        if place in inputs:
            raise UsageError(f"{path}: is an input of this command; write to another place")
        if place in outputs:
            raise UsageError(f"{path}: is named for two outputs; give each a place of its own")
        outputs.add(place)
