import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from edgevision.ledger import wal
from edgevision.ledger.database import Database

LENGTH = 4_000_000


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_commits_overwrite_a_log_that_has_its_length_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(Database(path)) as database:
        length = log_of(path).stat().st_size
        assert length > LENGTH
        assert path.stat().st_size < 100_000
        for number in range(20):
            with database.transaction("be written") as connection:
                connection.execute("INSERT INTO boots VALUES (?, 1, 0, 0, 0)", (str(number),))
        assert log_of(path).stat().st_size == length

    with closing(Database(path)) as database:
        assert database.number("SELECT count(*) FROM boots") == 20
        assert database.number("PRAGMA synchronous") == 2


def test_a_disk_with_little_room_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "_ROOM", 1 << 60)
    path = tmp_path / "ledger.db"
    with closing(Database(path)):
        assert log_of(path).stat().st_size < LENGTH


def test_a_ledger_whose_log_cannot_be_lengthened_opens_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with files_up_to(1_000_000), closing(Database(path)) as database:
        assert log_of(path).stat().st_size == 0
        with database.transaction("be written") as connection:
            connection.execute("INSERT INTO boots VALUES ('b', 1, 0, 0, 0)")

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT boot_id FROM boots").fetchall() == [("b",)]
