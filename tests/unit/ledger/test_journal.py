"""The ledger on a real file: order, survival, group commit, the bound, and refusals."""

import sqlite3
import threading
from pathlib import Path

import pytest

from edgevision.errors import LedgerError
from edgevision.ledger.journal import Ledger
from edgevision.ports import NewResult
from edgevision.types import Judgement


def result(number: int, judgement: Judgement = Judgement.OK) -> NewResult:
    return NewResult("t/cam1/result", b"%d" % number, judgement, 1_000_000_000 * number)


def payloads(ledger: Ledger) -> list[bytes]:
    return [row.payload for row in ledger.pending(100)]


def test_results_wait_in_order_until_they_are_delivered(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=100)
    ledger.append([result(1), result(2)])
    ledger.append([result(3, Judgement.NG)])
    first, *_ = ledger.pending(1)
    ledger.delivered(first.row_id)
    ledger.delivered(999)

    assert payloads(ledger) == [b"2", b"3"]
    assert [row.row_id for row in ledger.pending(100)] == [2, 3]
    assert (ledger.depth, ledger.dropped) == (2, 0)
    ledger.close()


def test_a_new_start_goes_on_with_the_next_number(tmp_path: Path) -> None:
    before = Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=100)
    before.append([result(1), result(2)])
    before.delivered(2)
    before.close()

    after = Ledger(tmp_path / "ledger.db", "boot-2", max_waiting=100)
    after.append([result(3)])

    assert [(row.row_id, row.payload) for row in after.pending(9)] == [(1, b"1"), (3, b"3")]
    after.close()


def test_what_is_appended_is_on_the_disk_for_another_process(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=100)
    ledger.append([result(1)])

    with sqlite3.connect(tmp_path / "ledger.db") as other:
        assert other.execute("SELECT sequence, boot_id, payload FROM results").fetchall() == [
            (1, "boot-1", b"1")
        ]
    ledger.close()


def test_results_of_many_threads_have_gapless_numbers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=10_000)

    def append(start: int) -> None:
        for number in range(start, start + 25):
            ledger.append([result(number)])

    threads = [threading.Thread(target=append, args=(100 * index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = ledger.pending(10_000)
    assert [row.row_id for row in rows] == list(range(1, 201))
    for start in range(0, 800, 100):
        own = [int(row.payload) for row in rows if start <= int(row.payload) < start + 100]
        assert own == list(range(start, start + 25))
    ledger.close()


def test_too_many_waiting_lose_ok_results_first_and_keep_their_numbers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=3)
    ledger.append([result(1, Judgement.NG), result(2), result(3), result(4, Judgement.ND), result(5)])

    assert payloads(ledger) == [b"1", b"4", b"5"]
    assert (ledger.depth, ledger.dropped) == (3, 2)
    ledger.append([result(6, Judgement.NG)])
    assert payloads(ledger) == [b"1", b"4", b"6"]
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        assert other.execute("SELECT count(*), max(sequence) FROM results").fetchone() == (6, 6)
    ledger.close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database at all, but long enough to look at" * 40)

    with pytest.raises(LedgerError, match=r"ledger\.db: the ledger cannot be opened"):
        Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=3)


def test_a_ledger_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("PRAGMA user_version = 9")

    with pytest.raises(LedgerError, match="expected a ledger of version 1, got 9"):
        Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=3)


def test_a_failed_commit_is_told_to_who_waits_for_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", "boot-1", max_waiting=3)
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("DROP TABLE results")

    with pytest.raises(LedgerError, match="cannot"):
        ledger.append([result(1)])
    ledger.close()
