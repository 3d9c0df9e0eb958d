"""The log in journald's native protocol: one datagram an entry, with fields that can be searched for.

Any record may bring fields of its own: `extra={"journal": {"EDGEVISION_RESULT_ID": ...}}`. What
journald does not take, for instance because it is being restarted, goes to standard error.
"""

import logging
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

__all__ = ["SOCKET", "JournalHandler", "is_journal"]

SOCKET = Path("/run/systemd/journal/socket")

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}


def is_journal(stream: TextIO) -> bool:
    """Whether this very stream goes to journald: the variable is inherited by whatever a service starts."""
    try:
        file = os.fstat(stream.fileno())
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{file.st_dev}:{file.st_ino}"


def _priority_of(record: logging.LogRecord) -> int:
    """Return the priority of syslog(3)."""
    return _PRIORITIES.get(record.levelno, 2)


class JournalHandler(logging.Handler):
    """Sends records to journald; `fields` are added to each."""

    def __init__(self, fields: Mapping[str, str], path: Path = SOCKET) -> None:
        """Open a socket; journald may come and go."""
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self._fields = fields
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one entry."""
        try:
            self._send(record, self.format(record))
        except Exception:  # noqa: BLE001 - as every handler of logging: a log line must not end its thread
            self.handleError(record)

    def _send(self, record: logging.LogRecord, message: str) -> None:
        fields = {
            "MESSAGE": message,
            "PRIORITY": str(_priority_of(record)),
            "SYSLOG_IDENTIFIER": "edgevision",
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
            "EDGEVISION_THREAD": record.threadName or "",
            **self._fields,
            **getattr(record, "journal", {}),
        }
        try:
            self._socket.sendto(b"".join(_field(*field) for field in fields.items()), self._path)
        except OSError:
            # The prefix is that of sd-daemon(3); one for each line.
            sys.stderr.write("".join(f"<{_priority_of(record)}>{line}\n" for line in message.splitlines()))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


def _field(name: str, value: str) -> bytes:
    """Return NAME=value, or for a value of several lines NAME, its length and the value."""
    data = value.encode(errors="backslashreplace")
    if b"\n" not in data:
        return b"%s=%s\n" % (name.encode(), data)
    return b"%s\n%s%s\n" % (name.encode(), len(data).to_bytes(8, "little"), data)
