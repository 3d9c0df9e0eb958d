"""A ledger whose file is taken away while it is in use: told, and a new one goes on with the next number."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledgers import append, open_ledger, result, state_of, until, verified


def remove(path: Path) -> None:
    path.unlink()


def remove_all(path: Path) -> None:
    for each in path.parent.iterdir():
        each.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def replace(path: Path) -> None:
    """Put a ledger there that has come further."""
    other = open_ledger(path.with_name("other.db"), "boot-0")
    append(other, [result(number) for number in range(50)])
    other.close()
    path.with_name("other.db").rename(path)


@pytest.mark.parametrize("take_away", [remove, remove_all, move, replace])
def test_a_file_that_is_taken_away_is_told_and_a_new_one_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, take_away: Callable[[Path], None]
) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    append(ledger, [result(1), result(2)])
    take_away(path)
    append(ledger, [result(3)])

    until(lambda: [(row.sequence, row.is_saved) for row in ledger.pending(9)] == [(3, True)], "it goes on")
    until(lambda: ledger.depth == 1 and not ledger.failure, "it is counted")
    ledger.close()
    assert "the ledger's file was removed or replaced while in use; what waited in it is lost" in caplog.text
    after = open_ledger(path, "boot-2")
    append(after, [result(4)])
    after.close()
    assert state_of(path) == [(3, "boot-1", "waiting"), (4, "boot-2", "waiting")]
    assert verified(path) == {("waiting", "OK"): 2}


def test_a_file_that_was_moved_is_whole_again_beside_what_was_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    append(ledger, [result(1), result(2)])
    move(path)
    append(ledger, [result(3)])
    until(lambda: [row.is_saved for row in ledger.pending(9)] == [True], "it goes on")
    ledger.close()

    (log,) = tmp_path.glob("ledger.db.damaged-*-wal")
    whole = (tmp_path / "moved.db").rename(log.with_name(log.name.removesuffix("-wal")))
    assert verified(whole) == {("waiting", "OK"): 2}
