"""Writes one recorded session into a folder. For one thread."""

import os
from pathlib import Path
from typing import IO

import cv2

from edgevision.errors import OutputError
from edgevision.session import HEAD_FILE, LOG_FILE, SessionEntry, SessionHead, frame_entry, picture_name
from edgevision.types import Frame, ImageBgr

__all__ = ["SessionFolder"]

_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]
"""Some 10 % larger than the best compression, in a fraction of the time."""


class SessionFolder:
    """The `SessionWriter` on a disk."""

    def __init__(self, folder: Path, head: SessionHead) -> None:
        """Make the folder, which must not hold a session yet; raises OutputError."""
        self._folder = folder
        self._lines = 0
        head_file = folder / HEAD_FILE
        try:
            (folder / picture_name(0)).parent.mkdir(parents=True, exist_ok=True)
            with head_file.open("x", encoding="utf-8") as file:
                file.write(head.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n")
            self._log: IO[bytes] = (folder / LOG_FILE).open("wb")
        except FileExistsError as error:
            raise OutputError(f"{folder}: holds a recorded session; choose another place") from error
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, frame: Frame) -> int:
        """Write a frame; return how many bytes that took. Raises OutputError."""
        picture = picture_name(self._lines)
        content = _png(frame.image_bgr)
        try:
            (self._folder / picture).write_bytes(content)
        except OSError as error:
            raise self._unwritable(error) from error
        return len(content) + self.note(frame_entry(frame, picture))

    def note(self, entry: SessionEntry) -> int:
        """Write a line of the log; return how many bytes that took. Raises OutputError."""
        line = entry.model_dump_json(exclude_defaults=True).encode() + b"\n"
        try:
            self._log.write(line)
            self._log.flush()
        except OSError as error:
            raise self._unwritable(error) from error
        self._lines += 1
        return len(line)

    def free_bytes(self) -> int:
        """Return how much a process without privileges may still write there."""
        state = os.statvfs(self._folder)
        return state.f_bavail * state.f_frsize

    def close(self) -> None:
        """Close the log; safe to call twice."""
        self._log.close()

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._folder}: a session cannot be written: {error.strerror}; choose another place"
        )


def _png(image_bgr: ImageBgr) -> bytes:
    is_encoded, content = cv2.imencode(".png", image_bgr, _FAST)
    assert is_encoded
    return content.tobytes()
