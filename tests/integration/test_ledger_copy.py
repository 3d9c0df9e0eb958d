"""A ledger where nothing can be written: a copy for an audit, on a medium that is only read."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledgers import append, open_ledger, result
from tests.stations import COMMAND


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with a closed ledger of two results, in which nothing can be made."""
    copy = tmp_path / "copy"
    copy.mkdir()
    ledger = open_ledger(copy / "ledger.db")
    append(ledger, [result(1), result(2)])
    ledger.close()
    copy.chmod(0o500)
    yield copy
    copy.chmod(0o700)


def look(as_user: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*as_user, *COMMAND, "ledger", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_closed_ledger_is_read_where_nothing_can_be_written(
    as_user: list[str], folder: Path, tmp_path: Path
) -> None:
    file, out = folder / "ledger.db", tmp_path / "all.csv"

    assert "2 results, no gap, the books balance" in look(as_user, "verify", file).stdout
    assert "numbers 1 to 2, 2 held" in look(as_user, "stats", file).stdout
    assert len(look(as_user, "tail", file).stdout.splitlines()) == 2
    assert "2 results" in look(as_user, "export", file, "--out", out).stdout
    assert [each.name for each in folder.iterdir() if each.name.startswith("ledger.db-")] == []


def test_results_that_are_not_in_the_file_yet_are_never_passed_over(
    as_user: list[str], folder: Path, tmp_path: Path
) -> None:
    open_one = tmp_path / "open.db"
    shutil.copy(folder / "ledger.db", open_one)
    writer = sqlite3.connect(open_one)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    with writer:
        writer.execute("DELETE FROM results WHERE sequence = 2")
    folder.chmod(0o700)
    for ending in ("", "-wal"):
        shutil.copy(f"{open_one}{ending}", folder / f"ledger.db{ending}")
    folder.chmod(0o500)
    writer.close()

    (tmp_path / "link.db").symlink_to(folder / "ledger.db")
    for path in (folder / "ledger.db", tmp_path / "link.db"):
        done = look(as_user, "verify", path)
        assert done.returncode == 9
        assert "ledger.db-wal beside it holds its newest results: copy both" in done.stderr
