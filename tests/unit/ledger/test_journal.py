"""The ledger on a real file: order, survival, group commit, acknowledgements, refusals."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from edgevision.errors import ForeignLedger
from edgevision.types import Judgement
from tests.ledgers import append, open_ledger, payloads, result, state_of, until, verified

NG, ND = Judgement.NG, Judgement.ND


def numbers(*expected: int) -> list[bytes]:
    return [b'{"number":%d}' % number for number in expected]


def test_results_wait_in_order_until_they_are_delivered(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    append(ledger, [result(1), result(2)])
    append(ledger, [result(3, NG)])
    first, *_ = ledger.pending(1)
    ledger.delivered(first.row_id)

    assert payloads(ledger) == numbers(2, 3)
    assert [(row.row_id, row.sequence, row.boot_id, row.is_saved) for row in ledger.pending(100)] == [
        (2, 2, "boot-1", True),
        (3, 3, "boot-1", True),
    ]
    assert (ledger.depth, sum(ledger.dropped.values())) == (2, 0)
    ledger.close()
    assert state_of(tmp_path / "ledger.db") == [
        (1, "boot-1", "delivered"),
        (2, "boot-1", "waiting"),
        (3, "boot-1", "waiting"),
    ]


def test_an_acknowledgement_of_something_unknown_changes_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    append(ledger, [result(1)])
    ledger.delivered(999)
    append(ledger, [result(2)])
    ledger.close()

    assert verified(tmp_path / "ledger.db") == {("waiting", "OK"): 2}


def test_a_new_start_goes_on_with_the_next_number(tmp_path: Path) -> None:
    before = open_ledger(tmp_path / "ledger.db")
    append(before, [result(1), result(2)])
    before.delivered(2)
    before.close()

    after = open_ledger(tmp_path / "ledger.db", "boot-2")
    assert after.depth == 1
    append(after, [result(3)])

    assert [(row.row_id, row.boot_id) for row in after.pending(9)] == [(1, "boot-1"), (3, "boot-2")]
    after.close()
    assert verified(tmp_path / "ledger.db") == {("waiting", "OK"): 2, ("delivered", "OK"): 1}


def test_what_is_safe_is_on_the_disk_for_another_process(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    append(ledger, [result(1)])

    with sqlite3.connect(tmp_path / "ledger.db") as other:
        found = other.execute("SELECT sequence, boot_id, payload FROM results").fetchall()
    assert found == [(1, "boot-1", *numbers(1))]
    ledger.close()


def test_nothing_is_pending_before_it_is_on_the_disk(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    with sqlite3.connect(tmp_path / "ledger.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        safe = threading.Event()
        ledger.append([result(1)], safe.set)
        assert (payloads(ledger), safe.is_set(), ledger.depth) == ([], False, 1)
        other.execute("ROLLBACK")
    assert safe.wait(60)
    assert payloads(ledger) == numbers(1)
    ledger.close()


def test_results_of_many_threads_have_gapless_numbers(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")

    def work(start: int) -> None:
        for number in range(start, start + 25):
            append(ledger, [result(number)])

    threads = [threading.Thread(target=work, args=(100 * index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = ledger.pending(10_000)
    assert [row.row_id for row in rows] == list(range(1, 201))
    for start in range(0, 800, 100):
        own = [row.payload for row in rows if row.payload in numbers(*range(start, start + 100))]
        assert own == numbers(*range(start, start + 25))
    ledger.close()


def test_acknowledgements_reach_the_file_by_themselves(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    append(ledger, [result(1)])
    ledger.delivered(1)

    until(lambda: state_of(tmp_path / "ledger.db") == [(1, "boot-1", "delivered")], "noted")
    ledger.close()


def test_an_acknowledgement_that_could_not_be_noted_is_noted_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edgevision.ledger.journal._TIDY_EVERY_S", 0.0)  # it succeeds, so all seems well
    ledger = open_ledger(tmp_path / "ledger.db")
    append(ledger, [result(1)])
    with closing(sqlite3.connect(tmp_path / "ledger.db", 60.0, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER refuse BEFORE UPDATE ON results BEGIN SELECT RAISE(FAIL, 'no'); END")
        ledger.delivered(1)
        until(lambda: "the ledger cannot take results: no" in caplog.text, "refused")
        other.execute("DROP TRIGGER refuse")

    until(lambda: state_of(tmp_path / "ledger.db") == [(1, "boot-1", "delivered")], "noted")
    ledger.close()


def test_ages_are_those_of_the_monotonic_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = open_ledger(tmp_path / "ledger.db")
    append(old, [result(1)])
    old.close()
    ledger = open_ledger(tmp_path / "ledger.db", "boot-2")
    append(ledger, [result(2)])

    monkeypatch.setattr("time.time_ns", lambda: 0)
    past, own = ledger.pending(2)
    assert past.age_ns > own.age_ns > 0
    monkeypatch.setattr("time.time_ns", lambda: 1 << 62)
    _, own = ledger.pending(2)
    assert 0 < own.age_ns < 60e9
    monkeypatch.undo()
    ledger.close()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stands_for_the_file_it_points_to(tmp_path: Path, is_there: bool) -> None:
    real, link = tmp_path / "disk" / "real.db", tmp_path / "link.db"
    real.parent.mkdir()
    if is_there:
        open_ledger(real).close()
    link.symlink_to(real)
    ledger = open_ledger(link, "boot-2")
    append(ledger, [result(1)])

    assert not ledger.failure
    assert [row.is_saved for row in ledger.pending(9)] == [True]
    assert verified(link) == {("waiting", "OK"): 1}
    with pytest.raises(ForeignLedger, match="another process writes this ledger"):
        open_ledger(real, "boot-3")
    ledger.close()
    assert verified(real) == {("waiting", "OK"): 1}
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["link.db"]


def test_a_ledger_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("PRAGMA user_version = 9")

    with pytest.raises(ForeignLedger, match="expected a ledger of version 2, got 9"):
        open_ledger(tmp_path / "ledger.db")


def test_two_stations_cannot_write_one_ledger(tmp_path: Path) -> None:
    first = open_ledger(tmp_path / "ledger.db")
    with pytest.raises(ForeignLedger, match="another process writes this ledger"):
        open_ledger(tmp_path / "ledger.db", "boot-2")
    first.close()
    open_ledger(tmp_path / "ledger.db", "boot-2").close()


def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    for number in range(1000):
        ledger.append([result(number, ND)], lambda: None)
    ledger.close()
    ledger.close()

    assert verified(tmp_path / "ledger.db") == {("waiting", "ND"): 1000}


def test_a_broker_that_was_away_gets_what_was_committed_meanwhile_and_afterwards(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    append(ledger, [result(1)])
    assert payloads(ledger) == numbers(1)
    append(ledger, [result(number) for number in range(2, 400)])
    append(ledger, [result(400, NG)])
    assert payloads(ledger) == numbers(*range(1, 401))
    for row_id in range(1, 400):
        ledger.delivered(row_id)
    append(ledger, [result(401)])
    assert payloads(ledger) == numbers(400, 401)
    until(lambda: state_of(tmp_path / "ledger.db")[398][2] == "delivered", "noted")
    for row_id in (400, 401):
        ledger.delivered(row_id)
    until(lambda: state_of(tmp_path / "ledger.db")[400][2] == "delivered", "noted")
    append(ledger, [result(402), result(403)])
    assert payloads(ledger) == numbers(402, 403)
    ledger.close()
    assert verified(tmp_path / "ledger.db") == {
        ("delivered", "OK"): 400,
        ("delivered", "NG"): 1,
        ("waiting", "OK"): 2,
    }
