"""The log: one line per event on standard error, with journald priorities under systemd."""

import logging
import os
import sys
from typing import Literal, TextIO

import cv2

__all__ = ["LogLevel", "set_up_logs"]

LogLevel = Literal["debug", "info", "warning", "error"]

_SYSLOG_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}


def set_up_logs(level: LogLevel) -> None:
    """Send the log of all threads to standard error from `level` on; OpenCV and FFmpeg talk at debug only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JournalFormatter() if _is_journal(sys.stderr) else _terminal_formatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    if level != "debug":
        _hush_opencv()


def _hush_opencv() -> None:
    """Keep OpenCV and its FFmpeg from writing to standard error: what matters comes as our own errors."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when a file is opened first


def _is_journal(stream: TextIO) -> bool:
    """Whether this very stream goes to journald: the variable is inherited by whatever a service starts."""
    try:
        file = os.fstat(stream.fileno())
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{file.st_dev}:{file.st_ino}"


def _terminal_formatter() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")


class _JournalFormatter(logging.Formatter):
    """`<6>text` for each line: the prefix journald reads the priority from (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        priority = _SYSLOG_PRIORITY.get(record.levelno, 2)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())
