"""What may be opened as a ledger, and what an open one holds of the operating system."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edgevision.errors import ForeignLedger, LedgerError
from edgevision.ledger import database
from edgevision.ledger.database import Database
from edgevision.ledger.store import Store

FILES = Path("/proc/self/fd")


@pytest.mark.skipif(not FILES.is_dir(), reason="this system has no /proc")
def test_reading_what_waits_opens_no_further_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "ledger.db", "boot")
    before = len(list(FILES.iterdir()))
    store.pending(10)

    assert len(list(FILES.iterdir())) == before
    store.close()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "ledger.db")
    with pytest.raises(ForeignLedger, match=r"expected a ledger or nothing, found (something|a folder)"):
        Database(tmp_path / "ledger.db")


def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "users.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE users (name TEXT)")
    before = path.read_bytes()

    with pytest.raises(ForeignLedger, match="expected a ledger of version 2, got another program's database"):
        Database(path)
    assert path.read_bytes() == before


def test_a_program_that_holds_the_file_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_S", 0.01)
    path = tmp_path / "ledger.db"
    with closing(Database(path)) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(LedgerError, match=r"take results: .*another program holds the file; end it$"),
            ledger.transaction("take results"),
        ):
            pass
