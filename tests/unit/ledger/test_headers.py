import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edgevision.ledger.headers import Headers


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Give a database in WAL mode that is open and has been written to."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE parts (number INTEGER)")
        yield path


def write_into(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_files_as_sqlite_writes_them_are_sound(path: Path) -> None:
    with closing(Headers(path)) as headers:
        assert headers.are_sound
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert path.with_name("ledger.db-wal").stat().st_size == 0
        assert headers.are_sound


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal"])
def test_an_overwritten_beginning_is_not_sound(path: Path, name: str) -> None:
    with closing(Headers(path)) as headers:
        write_into(path.with_name(name), 0, bytes(32))
        assert not headers.are_sound


def test_a_database_of_no_length_is_not_sound(path: Path) -> None:
    with closing(Headers(path)) as headers:
        path.write_bytes(b"")
        assert not headers.are_sound


def test_what_comes_after_the_beginning_is_not_looked_at(path: Path) -> None:
    with closing(Headers(path)) as headers:
        write_into(path, 100, bytes(100))
        assert headers.are_sound


def test_a_file_is_in_place_until_its_path_leads_elsewhere(path: Path) -> None:
    with closing(Headers(path)) as headers:
        seen = [headers.is_in_place]
        moved = path.rename(path.with_name("moved.db"))
        seen.append(headers.is_in_place)
        path.write_bytes(moved.read_bytes())
        seen.append(headers.is_in_place)
        moved.rename(path)
        seen.append(headers.is_in_place)
    assert seen == [True, False, False, True]
