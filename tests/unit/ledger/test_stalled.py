"""A disk that neither does what it is told nor says that it cannot, and a folder that cannot be read."""

import errno
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from edgevision.ledger import disk, journal
from edgevision.ledger.store import Store
from tests.ledgers import append, open_ledger, payloads, result, until, verified


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Give an event that a write has begun, and one without which none ends."""
    began, go_on, write = threading.Event(), threading.Event(), Store.write

    def wait(self: Store, *arguments: Any) -> int:
        began.set()
        assert go_on.wait(60)
        return write(self, *arguments)

    monkeypatch.setattr(disk, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(Store, "write", wait)
    yield began, go_on
    go_on.set()


def test_results_go_on_from_memory_while_the_disk_does_not_answer(
    tmp_path: Path, held: tuple[threading.Event, threading.Event]
) -> None:
    began, go_on = held
    ledger = open_ledger(tmp_path / "ledger.db")
    told: list[int] = []
    ledger.append([result(1)], lambda: told.append(1))
    assert began.wait(60)
    until(lambda: ledger.failure, "the stall is noticed")
    ledger.append([result(2)], lambda: told.append(2))

    assert "does not answer" in ledger.failure
    assert told == [2]
    assert [(row.sequence, row.is_saved) for row in ledger.pending(9)] == [(1, False), (2, False)]
    ledger.delivered(1)
    go_on.set()
    until(lambda: not ledger.failure and told == [2, 1], "the disk answers again")
    until(lambda: [row.is_saved for row in ledger.pending(9)] == [True], "the other one is saved")
    ledger.close()
    assert verified(tmp_path / "ledger.db") == {("delivered", "OK"): 1, ("waiting", "OK"): 1}


def test_a_folder_that_cannot_be_read_does_not_end_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path, _pattern: str) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(journal, "_TIDY_EVERY_S", 0.05)
    ledger = open_ledger(tmp_path / "ledger.db")
    with monkeypatch.context() as broken:
        broken.setattr(Path, "glob", fail)
        until(lambda: "Input/output error" in ledger.failure, "it says so")
    until(lambda: not ledger.failure, "it goes on")
    append(ledger, [result(1)])

    assert payloads(ledger) == [b'{"number":1}']
    ledger.close()


def test_a_fault_of_the_program_does_not_end_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError("no such luck")

    ledger = open_ledger(tmp_path / "ledger.db")
    with monkeypatch.context() as broken:
        broken.setattr(Store, "write", fail)
        ledger.append([result(1)], lambda: None)
        until(lambda: "no such luck" in ledger.failure, "it says so")
        assert [row.is_saved for row in ledger.pending(9)] == [False]
    until(lambda: [row.is_saved for row in ledger.pending(9)] == [True], "it is written after all")
    ledger.close()
