"""The length of a ledger's write-ahead log. What is in it is SQLite's business.

A commit that makes a file longer has the file system write its own books, too, which took a disk two to three
times as long as one that overwrites. SQLite begins at the start of the log again after each checkpoint, so
only the first thousand pages after a start are slow: they are written in advance.
"""

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["lengthen"]

_log = logging.getLogger(__name__)

_PAGES = 1000
"""A checkpoint follows at so many: SQLite's default."""
_BYTES = 4 << 20
_ROOM = 16
"""A disk with room for fewer logs is left alone."""


def lengthen(connection: sqlite3.Connection, database: Path, version: int) -> None:
    """Make the log of an open database as long as it will be; nothing where the disk has little room.

    Writes the database's user version, `version`, over and over. None of it needs to be on the disk: what
    a power cut leaves of it changes nothing.
    """
    if shutil.disk_usage(database.parent).free < _ROOM * _BYTES:
        return
    _run(connection, "wal_autocheckpoint = 0", "synchronous = OFF")
    try:
        _run(connection, *[f"user_version = {version}"] * _PAGES)
    except sqlite3.OperationalError as error:
        _log.info("%s: commits will be slower at first: the log could not be lengthened: %s", database, error)
        _run(connection, "wal_checkpoint(TRUNCATE)")
    finally:
        _run(connection, "synchronous = FULL", f"wal_autocheckpoint = {_PAGES}", "wal_checkpoint(RESTART)")


def _run(connection: sqlite3.Connection, *pragmas: str) -> None:
    for pragma in pragmas:
        with closing(connection.execute(f"PRAGMA {pragma}")) as answer:
            answer.fetchall()
