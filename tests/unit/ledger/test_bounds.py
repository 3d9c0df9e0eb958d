"""What leaves a ledger that is full or old, and that its books balance all the same."""

import sqlite3
from pathlib import Path

import pytest

from edgevision.types import Judgement
from tests.ledgers import append, open_ledger, payloads, result, state_of, until, verified

OK, NG, ND = Judgement.OK, Judgement.NG, Judgement.ND
KIND = {b"OK": OK, b"NG": NG, b"ND": ND}


def size_of(path: Path) -> int:
    return path.stat().st_size


def test_a_full_ledger_drops_the_oldest_ok_and_keeps_ng_and_nd(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path, max_bytes=2_000_000)
    for number in range(4000):
        ledger.append([result(number, NG if number % 10 == 0 else OK, size=1000)], lambda: None)
    append(ledger, [result(4000, ND, size=1000)])

    waiting = payloads(ledger)
    assert [b'{"number":%d}' % number for number in range(0, 4000, 10)] == [
        payload for payload in waiting if int(payload[10:-1]) % 10 == 0
    ][:-1]
    oks = [int(payload[10:-1]) for payload in waiting if int(payload[10:-1]) % 10]
    assert oks == [number for number in range(oks[0], 4000) if number % 10]
    assert (ledger.dropped[NG], ledger.dropped[ND]) == (0, 0)
    assert ledger.dropped[OK] == 3600 - len(oks)
    assert ledger.depth == len(waiting)
    ledger.close()
    assert verified(path) == {
        ("dropped", "OK"): 3600 - len(oks),
        ("waiting", "OK"): len(oks),
        ("waiting", "NG"): 400,
        ("waiting", "ND"): 1,
    }
    assert size_of(path) < 2_600_000


def test_ng_and_nd_are_dropped_when_no_ok_is_left_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path, max_bytes=1_000_000)
    for number in range(2000):
        ledger.append([result(number, (NG, ND)[number % 2], size=1000)], lambda: None)
    append(ledger, [result(2000, OK, size=1000)])

    assert ledger.dropped[NG] > 400
    assert ledger.dropped[NG] + ledger.dropped[ND] + ledger.dropped[OK] + ledger.depth == 2001
    assert payloads(ledger)[0] == b'{"number":%d}' % (ledger.dropped[NG] + ledger.dropped[ND])
    ledger.close()
    verified(path)


def test_delivered_results_make_room_before_any_waiting_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path, max_bytes=1_000_000)
    for number in range(1, 2001):
        append(ledger, [result(number, size=1000)]) if number % 50 == 0 else ledger.append(
            [result(number, size=1000)], lambda: None
        )
        if number % 50 == 0:
            for row in ledger.pending(50)[: 50 if number < 1900 else 10]:
                ledger.delivered(row.row_id)

    assert sum(ledger.dropped.values()) == 0
    until(lambda: ledger.depth == 120, "everything is noted")
    ledger.close()
    assert verified(path) == {("delivered", "OK"): 1880, ("waiting", "OK"): 120}
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM results").fetchone()[0] < 1000
        assert database.execute("SELECT count(*), min(first) FROM runs").fetchone() == (1, 1)


def test_delivered_results_leave_after_some_days_and_waiting_ones_do_not(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    append(ledger, [result(1), result(2, NG), result(3)])
    ledger.delivered(1)
    ledger.delivered(3)
    ledger.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE results SET committed_ns = 1")

    later = open_ledger(path, "boot-2", keep_days=1.0)
    until(lambda: state_of(path) == [(2, "boot-1", "waiting")], "the old ones leave")
    append(later, [result(4)])
    later.close()
    assert verified(path) == {("delivered", "OK"): 2, ("waiting", "NG"): 1, ("waiting", "OK"): 1}


@pytest.mark.parametrize("jump_ns", [-(10**18), 10**18])
def test_a_clock_that_jumps_drops_nothing_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_ns: int
) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path, keep_days=1.0)
    append(ledger, [result(1)])
    ledger.close()
    now_ns = result(0).committed_ns
    monkeypatch.setattr("time.time_ns", lambda: now_ns + jump_ns)
    later = open_ledger(path, "boot-2", keep_days=1.0)
    append(later, [result(2), result(3)])

    assert [row.sequence for row in later.pending(9)] == [1, 2, 3]
    later.close()
    monkeypatch.undo()
    assert verified(path) == {("waiting", "OK"): 3}


def test_what_the_broker_has_got_makes_room_before_anything_waiting_is_dropped(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db", max_bytes=400_000)
    append(ledger, [result(number, NG, size=8000) for number in range(40)])
    for row in ledger.pending(20):
        ledger.delivered(row.row_id)
    append(ledger, [result(number, NG, size=8000) for number in range(40, 55)])

    assert ledger.dropped[NG] == 0
    assert ledger.depth == 35
    ledger.close()
