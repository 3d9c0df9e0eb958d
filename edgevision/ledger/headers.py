"""The beginnings of a ledger's files, read past SQLite, which reads them once and keeps them in memory.

Overwritten ones would come to light at the next start only: no database any more, or, without the
beginning of the WAL, none of what it holds. Nor does SQLite notice that a file in WAL mode was removed.
"""

import os
from pathlib import Path

__all__ = ["Headers"]

# https://sqlite.org/fileformat2.html, sections 1.3 and 4.1
_DATABASE = b"SQLite format 3\0"
_WALS = (bytes.fromhex("377f0682"), bytes.fromhex("377f0683"))


class Headers:
    """Of a database in WAL mode. The constructor and what looks at the files may raise OSError.

    Close it after SQLite's connections: closing the database ends all locks of this process on it.
    """

    def __init__(self, database: Path) -> None:
        """Open the file, and make it where it is missing."""
        self._path = database
        self._database = os.open(database, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._wal = database.with_name(f"{database.name}-wal")

    @property
    def is_in_place(self) -> bool:
        """Whether the database's path still leads to the file that was opened."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._database))
        except FileNotFoundError:
            return False

    @property
    def are_sound(self) -> bool:
        """Whether both files begin as SQLite lets them while it has them open; a WAL may be empty."""
        with self._wal.open("rb", buffering=0) as wal:
            is_wal = wal.read(4) in (b"", *_WALS)
        return is_wal and os.pread(self._database, len(_DATABASE), 0) == _DATABASE

    def close(self) -> None:
        """Close the file; once."""
        os.close(self._database)
