"""The change log: everything that changes a station, one JSON object a line, only ever appended.

Each line is on the disk when `append` returns.
"""

import json
import os
import threading
import time
from pathlib import Path

from edgevision.errors import ConfigError, OutputError
from edgevision.messages.wire import epoch_ms, iso_utc

__all__ = ["ChangeLog"]

_CLOSED = -1


class ChangeLog:
    """A file of changes. Safe in many threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, made where it is missing; raises ConfigError."""
        self._path = path
        self._lock = threading.Lock()
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise ConfigError(
                f"commands.change_log {path}: cannot be written: {error.strerror}; "
                "name a file in a folder that exists and may be written, such as the station's state folder"
            ) from error

    def append(
        self, *, verb: str, before: str, after: str, outcome: str, who: str | None, transport: str
    ) -> None:
        """Write down one change, or an attempt: what was, what was asked for, and what came of it.

        Raises:
            OutputError: the line could not be written.
        """
        now_ns = time.time_ns()
        entry = {
            "ts": epoch_ms(now_ns),
            "time": iso_utc(now_ns),
            "who": who,
            "transport": transport,
            "verb": verb,
            "from": before,
            "to": after,
            "outcome": outcome,
        }
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            try:
                if os.write(self._file, line) < len(line):
                    raise OSError(None, "the disk is full")  # noqa: TRY301 - as a failed write does
                os.fsync(self._file)
            except OSError as error:
                raise OutputError(
                    f"change log {self._path}: cannot be written: {error.strerror}; free some space"
                ) from error

    def close(self) -> None:
        """Close the file; whoever appends from now on gets an OutputError. Safe to call twice."""
        with self._lock:
            if self._file != _CLOSED:
                os.close(self._file)
                self._file = _CLOSED
