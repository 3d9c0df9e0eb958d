"""The rolling history in SQLite: results, minutes, pictures of NG and ND, alarms. Writing it and its bounds.

It is bounded by age and by size; what goes first are OK results, then pictures, then the rest.
Not for several threads at once: the recorder sees to that. Looking things up is `lookup`.
"""

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.dashboard.alarms import Alarm, AlarmKey
from edgevision.dashboard.keeping import Memory
from edgevision.dashboard.summary import result_summary
from edgevision.dashboard.window import Minute
from edgevision.errors import OutputError
from edgevision.messages.result import ResultMessage

__all__ = ["Batch", "History", "ResultRow", "translated"]

_VERSION = 1
_SCHEMA = """
CREATE TABLE results (
    number INTEGER PRIMARY KEY, result_id TEXT NOT NULL UNIQUE, station TEXT NOT NULL, camera TEXT NOT NULL,
    received_ms INTEGER NOT NULL, judgement TEXT NOT NULL, part_id TEXT, reason TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX results_by_judgement ON results (judgement, number);
CREATE INDEX results_by_station ON results (station, number);
CREATE TABLE minutes (
    station TEXT NOT NULL, camera TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (station, camera, number)
) WITHOUT ROWID;
CREATE TABLE pictures (result_id TEXT PRIMARY KEY, received_ms INTEGER NOT NULL, jpeg BLOB NOT NULL);
CREATE INDEX pictures_by_time ON pictures (received_ms);
CREATE TABLE alarms (
    station TEXT NOT NULL, camera TEXT NOT NULL, code TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (station, camera, code)
) WITHOUT ROWID;
CREATE TABLE identity (client_id TEXT NOT NULL);
"""
_RECENT = 500
_KNOWN = 20_000
_DROPPED_AT_ONCE = 2_000
_MS_PER_MINUTE = 60_000
_OLDEST_PICTURES = (
    "DELETE FROM pictures WHERE result_id IN (SELECT result_id FROM pictures ORDER BY received_ms LIMIT 200)"
)
_OLDEST = "(SELECT number FROM results {where} ORDER BY number LIMIT {count})"

ResultRow = tuple[str, str, str, int, str, str | None, str, bytes]
"""result_id, station, camera, received_ms, judgement, part_id, reason, payload."""


@dataclass(slots=True)
class Batch:
    """What is written together."""

    results: list[ResultRow] = field(default_factory=list)
    minutes: dict[tuple[str, str, int], Minute] = field(default_factory=dict)
    pictures: list[tuple[str, int, bytes]] = field(default_factory=list)
    """result_id, received_ms, JPEG."""
    alarms: dict[tuple[str, AlarmKey], Alarm] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.results or self.minutes or self.pictures or self.alarms)


class History:
    """An open file. Every method may raise OutputError."""

    def __init__(self, path: Path, *, keep_days: float, max_mb: int) -> None:
        """Open the file; it is made where it is missing, with its folder."""
        self._path = path
        self._keep_ms = round(keep_days * 86_400_000)
        self._max_bytes = max_mb * 1_000_000
        with translated(path, "be opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._prepare()

    @property
    def client_id(self) -> str:
        """The name at the broker that belongs to this file, so that the broker knows it after a restart."""
        with translated(self._path, "be read"):
            return str(self._database.execute("SELECT client_id FROM identity").fetchone()[0])

    def write(self, batch: Batch) -> None:
        """Write everything or nothing."""
        with self._transaction() as database:
            database.executemany(
                "INSERT OR IGNORE INTO results (result_id, station, camera, received_ms, judgement, part_id,"
                " reason, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                batch.results,
            )
            database.executemany(
                "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?, ?)",
                [(*key, json.dumps(minute.to_dict())) for key, minute in batch.minutes.items()],
            )
            database.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", batch.pictures)
            for (station, key), alarm in batch.alarms.items():
                self._write_alarm(station, key, alarm)

    def forget(self, now_ms: int) -> None:
        """Drop what is too old, and the least important when there is too much."""
        before_ms = now_ms - self._keep_ms
        with self._transaction() as database:
            database.execute("DELETE FROM results WHERE received_ms < ?", (before_ms,))
            database.execute("DELETE FROM pictures WHERE received_ms < ?", (before_ms,))
            database.execute("DELETE FROM minutes WHERE number < ?", (before_ms // _MS_PER_MINUTE,))
        while self._used_bytes() > self._max_bytes and self._drop_some():
            pass

    def memory(self, since_ms: int) -> Memory:
        """Return what the live state begins with: minutes since `since_ms` and the newest results."""
        with translated(self._path, "be read"):
            rows = self._database.execute(
                "SELECT station, camera, number, content FROM minutes WHERE number >= ? ORDER BY number",
                (since_ms // _MS_PER_MINUTE,),
            )
            minutes = [(row[0], row[1], Minute.from_dict(row[2], json.loads(row[3]))) for row in rows]
            alarms = [
                (station, Alarm(**json.loads(content)))
                for station, content in self._database.execute("SELECT station, content FROM alarms")
            ]
            newest = self._database.execute(
                "SELECT result_id FROM results ORDER BY number DESC LIMIT ?", (_KNOWN,)
            )
            result_ids = [row[0] for row in newest][::-1]
            return Memory(minutes, alarms, list(self._recent())[::-1], result_ids)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _recent(self) -> Iterator[dict[str, object]]:
        for payload, received_ms in self._database.execute(
            "SELECT payload, received_ms FROM results WHERE judgement IN ('NG', 'ND')"
            " ORDER BY number DESC LIMIT ?",
            (_RECENT,),
        ):
            message = ResultMessage.model_validate_json(payload, extra="ignore")
            yield result_summary(message, received_ms)

    def _write_alarm(self, station: str, key: AlarmKey, alarm: Alarm) -> None:
        if alarm.is_gone:
            self._database.execute(
                "DELETE FROM alarms WHERE station = ? AND camera = ? AND code = ?", (station, *key)
            )
        else:
            content = json.dumps(alarm.to_dict())
            self._database.execute(
                "INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?)", (station, *key, content)
            )

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        if found not in {0, _VERSION}:
            raise OutputError(
                f"{self._path}: expected a history of version {_VERSION}, got {found};"
                " name another file with --history"
            )
        if found == 0:
            self._database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
            name = f"edgevision-dashboard-{uuid.uuid4().hex[:12]}"
            self._database.execute("INSERT INTO identity VALUES (?)", (name,))

    def _used_bytes(self) -> int:
        with translated(self._path, "be read"):
            pages, free, size = (
                self._database.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def _drop_some(self) -> bool:
        """Drop the oldest of the least important kind there is; False when nothing is left."""
        count = _DROPPED_AT_ONCE
        ok = _OLDEST.format(where="WHERE judgement = 'OK'", count=count)
        everything = _OLDEST.format(where="", count=count)
        statements: Iterable[str] = (
            f"DELETE FROM results WHERE number IN {ok}",  # noqa: S608 - constants only
            _OLDEST_PICTURES,
            f"DELETE FROM results WHERE number IN {everything}",  # noqa: S608 - constants only
            "DELETE FROM minutes WHERE number IN (SELECT number FROM minutes ORDER BY number LIMIT 200)",
        )
        for statement in statements:
            with self._transaction() as database:
                if database.execute(statement).rowcount:
                    return True
        return False

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path, "be written"):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise


@contextmanager
def translated(path: Path, what: str) -> Iterator[None]:
    """Turn errors of SQLite and of the disk into OutputError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise OutputError(
            f"{path}: the history cannot {what}: {error}; check the disk's space and rights,"
            " or name another file with --history"
        ) from error
