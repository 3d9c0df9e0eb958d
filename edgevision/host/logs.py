"""The log: one line per event on standard error, or an entry with fields in journald under systemd."""

import logging
import os
import sys
from typing import Literal

import cv2

from edgevision.host.journal import JournalHandler, is_journal

__all__ = ["LogLevel", "set_up_logs"]

LogLevel = Literal["debug", "info", "warning", "error"]


def set_up_logs(level: LogLevel, station: str | None = None) -> None:
    """Send the log of all threads to journald or standard error; OpenCV and FFmpeg talk at debug only.

    journald's entries name the `station`.
    """
    logging.basicConfig(level=level.upper(), handlers=[_handler(station)], force=True)
    if level != "debug":
        _hush_opencv()


def _handler(station: str | None) -> logging.Handler:
    if is_journal(sys.stderr):
        return JournalHandler({"EDGEVISION_STATION": station} if station else {})
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S"))
    return handler


def _hush_opencv() -> None:
    """Keep OpenCV and its FFmpeg from writing to standard error: what matters comes as our own errors."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when a file is opened first
