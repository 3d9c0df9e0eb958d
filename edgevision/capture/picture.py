"""Reads one picture, for commands that look at a single one."""

from contextlib import closing
from pathlib import Path

from edgevision.capture.folder import FolderSource
from edgevision.errors import CaptureError
from edgevision.paths import FILE, found_at
from edgevision.types import Frame

__all__ = ["read_picture"]


def read_picture(path: Path) -> Frame:
    """Return the picture as a frame; raises CaptureError."""
    if (found := found_at(path)) != FILE:
        raise CaptureError(f"{path}: expected a picture, found {found}; correct the path")
    source = FolderSource(path, "picture")
    source.open()
    with closing(source):
        frame = source.read()
    assert frame is not None
    return frame
