"""The ledger's files are overwritten or cut off under a running station: set aside, and a new one begun."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from edgevision.ledger.reader import LedgerReader
from tests.ledgers import append, open_ledger, result, until

WAL_HEADER_BYTES = 32


def overwrite(path: Path, begin: int, end: int) -> None:
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(random.Random(5).randbytes(end - begin))


def damage_header(path: Path, _wal: Path) -> None:
    overwrite(path, 0, 4096)


def damage_header_of_wal(_path: Path, wal: Path) -> None:
    overwrite(wal, 0, WAL_HEADER_BYTES)


def damage_middle(path: Path, wal: Path) -> None:
    overwrite(path, 4096, path.stat().st_size)
    overwrite(wal, WAL_HEADER_BYTES, 100_000)


def cut_off(path: Path, wal: Path) -> None:
    os.truncate(path, 8192)
    overwrite(wal, WAL_HEADER_BYTES, 100_000)


@pytest.mark.parametrize("damage", [damage_header, damage_header_of_wal, damage_middle, cut_off])
def test_a_ledger_that_is_damaged_while_it_runs_is_replaced(
    tmp_path: Path, damage: Callable[[Path, Path], None]
) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    for _ in range(25):
        append(ledger, [result(0, size=2000)] * 20)
    damage(path, path.with_name("ledger.db-wal"))

    def is_noticed() -> bool:
        append(ledger, [result(0)])
        ledger.pending(100)
        return bool(ledger.damaged)

    until(is_noticed, "the damage is noticed")
    until(lambda: not ledger.failure, "a new one is begun")
    append(ledger, [result(0)])
    newest = ledger.pending(10_000)[-1]
    assert newest.is_saved
    assert (newest.sequence or 0) > 500
    ledger.close()
    reader = LedgerReader(path)
    books = reader.books()
    reader.close()
    assert books.problems == ()
    assert books.last == newest.sequence


@pytest.mark.parametrize("damage", [damage_header, damage_header_of_wal])
def test_a_station_without_parts_notices_an_overwritten_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path, Path], None]
) -> None:
    monkeypatch.setattr("edgevision.ledger.journal._TIDY_EVERY_S", 0.1)
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    append(ledger, [result(1)])
    damage(path, path.with_name("ledger.db-wal"))
    until(lambda: ledger.damaged and not ledger.failure, "a new one is begun")
    ledger.close()
