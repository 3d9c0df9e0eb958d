"""The SQLite file of a ledger: opened in WAL mode, its tables made, its errors translated.

What the statements mean is `store` and `room`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from edgevision.errors import DamagedLedger, ForeignLedger, LedgerError
from edgevision.ledger.headers import Headers
from edgevision.ledger.wal import lengthen
from edgevision.paths import FOLDER, OTHER, found_at

__all__ = ["Database"]

_VERSION = 2
_SCHEMA = """
CREATE TABLE boots (
    boot_id TEXT PRIMARY KEY,
    started_ns INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    ng INTEGER NOT NULL,
    nd INTEGER NOT NULL
) STRICT;
CREATE TABLE results (
    sequence INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    judgement TEXT NOT NULL CHECK (judgement IN ('OK', 'NG', 'ND')),
    committed_ns INTEGER NOT NULL,
    ticks_ns INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered')),
    ended_ns INTEGER,
    payload BLOB NOT NULL
) STRICT;
CREATE INDEX by_state ON results (state, sequence);
CREATE INDEX waiting_ok ON results (sequence) WHERE state = 'waiting' AND judgement = 'OK';
CREATE TABLE runs (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL UNIQUE,
    boot_id TEXT NOT NULL,
    delivered_ok INTEGER NOT NULL,
    delivered_ng INTEGER NOT NULL,
    delivered_nd INTEGER NOT NULL,
    dropped_ok INTEGER NOT NULL,
    dropped_ng INTEGER NOT NULL,
    dropped_nd INTEGER NOT NULL
) STRICT;
CREATE VIEW spans AS
    SELECT sequence AS first, sequence AS last FROM results UNION ALL SELECT first, last FROM runs;
"""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY_S = 5.0
_CACHE_KIB = 256
"""Of each connection: work is at the newest end of the file, older pages need not stay in memory."""


class Database:
    """An open file with a connection for the writer and one for a reader; each for one thread at a time.

    Everything may raise LedgerError, and DamagedLedger when the file is no sound database.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file; raises ForeignLedger for anything else than a ledger of this version."""
        self._path = path
        if (found := found_at(path)) in (FOLDER, OTHER):
            raise ForeignLedger(
                f"{path}: expected a ledger or nothing, found {found}; see ledger.path in the station file"
            )
        with self.translated("be opened"), ExitStack() as opened:
            self._headers = opened.enter_context(closing(Headers(path)))
            self.writing = opened.enter_context(closing(self._connect()))
            self.reading = opened.enter_context(closing(self._connect()))
            self._prepare()
            self._opened = opened.pop_all()

    def check(self) -> None:
        """Raise DamagedLedger for what no query notices: a file overwritten or taken away; for the writer."""
        with self.translated("be read"):
            if not self._headers.is_in_place:
                raise DamagedLedger(
                    f"{self._path}: the ledger's file was removed or replaced while in use; what waited "
                    "in it is lost unless you stop the station and put the file back"
                )
            if not self._headers.are_sound:
                raise DamagedLedger(
                    f"{self._path}: the ledger cannot be read: its beginning has been overwritten; "
                    "the file is damaged"
                )

    def number(self, query: str) -> int:
        """Return the single number that a query gives."""
        with self.translated("be read"):
            return int(self.writing.execute(query).fetchone()[0])

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._opened.close()

    @contextmanager
    def transaction(self, what: str) -> Iterator[sqlite3.Connection]:
        """Commit what the block writes; it is on the disk afterwards, or nothing of it is."""
        with self.translated(what):
            self.writing.execute("BEGIN IMMEDIATE")
            try:
                yield self.writing
                self.writing.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.writing.execute("ROLLBACK")
                raise

    @contextmanager
    def translated(self, what: str) -> Iterator[None]:
        """Turn the errors of SQLite and of the disk into ours: `the ledger cannot WHAT`."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            kind, remedy = LedgerError, "check the disk's space and rights"
            if code in _DAMAGE:
                kind, remedy = DamagedLedger, "the file is damaged"
            elif code == sqlite3.SQLITE_BUSY:
                remedy = "another program holds the file; end it"
            reason = getattr(error, "strerror", None) or error
            raise kind(f"{self._path}: the ledger cannot {what}: {reason}; {remedy}") from error

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, _BUSY_S, isolation_level=None, check_same_thread=False)

    def _prepare(self) -> None:
        is_new = self._is_new()
        for connection in (self.writing, self.reading):
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}").close()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "journal_size_limit = 16777216"):
            with closing(self.writing.execute(f"PRAGMA {pragma}")) as answer:
                answer.fetchall()
        if is_new:
            self.writing.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        # A connection opens its log with its first query: now, and not in the first outage.
        self.reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        lengthen(self.writing, self._path, _VERSION)

    def _is_new(self) -> bool:
        """Whether the file has no tables yet; raises ForeignLedger when they are none of ours."""
        found = self.number("PRAGMA user_version")
        if found == _VERSION:
            return False
        if found == 0 and self.number("SELECT count(*) FROM sqlite_schema") == 0:
            return True
        got = f"got {found}" if found else "got another program's database"
        raise ForeignLedger(
            f"{self._path}: expected a ledger of version {_VERSION}, {got}; "
            "use the program that wrote it, or move the file away"
        )
