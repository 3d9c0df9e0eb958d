"""The log: one line per event on standard error, with journald priorities under systemd."""

import logging
import os
import sys
from typing import Literal

__all__ = ["LogLevel", "set_up_logs"]

LogLevel = Literal["debug", "info", "warning", "error"]

_SYSLOG_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}


def set_up_logs(level: LogLevel) -> None:
    """Send the log of all threads to standard error from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(_JournalFormatter() if under_systemd else _terminal_formatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _terminal_formatter() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")


class _JournalFormatter(logging.Formatter):
    """`<6>text`: the prefix journald reads the priority from (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        priority = _SYSLOG_PRIORITY.get(record.levelno, 2)
        return f"<{priority}>{super().format(record)}"
