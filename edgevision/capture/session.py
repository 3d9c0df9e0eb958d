"""A recorded session as a source: the frames that a station inspected, as it inspected them.

Frames keep their id, their time in UTC, camera, part and trigger, so the same recipe gives the same
inspections. A trigger that got no frame has nothing to inspect and is passed over.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from edgevision.capture.folder import decoded
from edgevision.errors import CaptureError, TruncatedInput
from edgevision.session import HEAD_FILE, LOG_FILE, SessionEntry, SessionHead, frame_of
from edgevision.types import Frame

__all__ = ["SessionSource", "read_head"]


class SessionSource:
    """The frames of one session, in order."""

    def __init__(self, path: Path) -> None:
        """Look at nothing yet."""
        self._path = path
        self._camera = ""
        self._entries: tuple[SessionEntry, ...] = ()
        self._remaining: Iterator[SessionEntry] = iter(())
        self._unreadable: list[str] = []

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    @property
    def is_live(self) -> bool:
        """False: a session waits."""
        return False

    @property
    def frames_expected(self) -> int | None:
        """How many frames there are; None before `open`."""
        return len(self._entries) or None

    def open(self) -> None:
        """Read the log; raises CaptureError."""
        self._camera = read_head(self._path).camera
        self._entries = tuple(entry for entry in _read_log(self._path / LOG_FILE) if entry.picture)
        if not self._entries:
            raise CaptureError(
                f"{self._path}: expected recorded frames, the session has none; record it again"
            )
        self._remaining = iter(self._entries)
        self._unreadable = []

    def read(self) -> Frame | None:
        """Return the next frame whose picture is there.

        Raises:
            TruncatedInput: Once at the end, naming pictures that could not be read.
        """
        for entry in self._remaining:
            assert entry.picture is not None
            started_ns = time.monotonic_ns()
            image_bgr = decoded(self._path / entry.picture)
            if image_bgr is not None:
                return frame_of(entry, image_bgr, self._camera, time.monotonic_ns() - started_ns)
            self._unreadable.append(entry.picture)
        if self._unreadable:
            raise self._report()
        return None

    def close(self) -> None:
        """Forget the frames that were not read."""
        self._remaining = iter(())
        self._unreadable = []

    def _report(self) -> TruncatedInput:
        bad, self._unreadable = self._unreadable, []
        return TruncatedInput(
            f"{self._path}: expected {len(self._entries)} pictures, read {len(self._entries) - len(bad)}; "
            f"missing or damaged: {bad[0]}{f' and {len(bad) - 1} more' if len(bad) > 1 else ''}"
        )


def read_head(path: Path) -> SessionHead:
    """Return whose frames a session holds; raises CaptureError."""
    file = path / HEAD_FILE
    try:
        return SessionHead.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise CaptureError(
            f"{file}: expected the head of a recorded session, got: {_cause(error)}"
        ) from error


def _read_log(file: Path) -> Iterator[SessionEntry]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise CaptureError(f"{file}: expected the log of a session, got: {_cause(error)}") from error
    for number, line in enumerate(lines[:-1], 1):  # What has no newline at its end was cut off.
        try:
            yield SessionEntry.model_validate_json(line)
        except ValidationError as error:
            raise CaptureError(
                f"{file}, line {number}: expected a frame or a trigger, got: {_cause(error)}; record it again"
            ) from error


def _cause(error: OSError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
    return str(error.strerror)
