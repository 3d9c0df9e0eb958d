import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgevision.cli import main
from edgevision.ledger.database import Database
from edgevision.ledger.journal import Ledger
from edgevision.ledger.room import Room
from edgevision.messages import encode, result_message
from edgevision.ports import NewResult
from edgevision.types import Inspection
from tests.inspections import ng_inspection, ok_inspection
from tests.ledgers import append, open_ledger


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, as `main` does it."""

    def run_command(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["edgevision", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        status = ended.value.code
        return Outcome(status if isinstance(status, int) else 0, captured.out, captured.err)

    return run_command


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    """Return a ledger of two starts: one OK let go, one OK delivered, an OK and two NG waiting."""
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    for inspection in (ok_inspection(), ok_inspection(), ok_inspection(), ng_inspection()):
        _put(ledger, inspection)
    ledger.delivered(1)
    ledger.close()
    database = Database(path)
    assert Room(database).forget() == 1
    database.close()
    ledger = open_ledger(path, "boot-2")
    _put(ledger, ng_inspection())
    ledger.delivered(2)
    ledger.close()
    return path


def _put(ledger: Ledger, inspection: Inspection) -> None:
    payload = encode(result_message(inspection, station="line1", published_ns=None))
    append(ledger, [NewResult("t", payload, inspection.verdict.judgement, 1)])
