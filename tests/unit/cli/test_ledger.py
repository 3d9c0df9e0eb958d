"""The commands around the ledger, on real files."""

import json
import sqlite3
from pathlib import Path

import pytest

from edgevision.ledger.journal import Ledger
from edgevision.messages import encode, result_message
from edgevision.ports import NewResult
from tests.inspections import ng_inspection, ok_inspection
from tests.unit.cli.conftest import Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a ledger of four results: one delivered, one dropped, two waiting."""
    path = tmp_path / "ledger.db"
    ledger = Ledger(path, "boot-1", max_waiting=2)
    for inspection in (ok_inspection(), ok_inspection(), ng_inspection(), ng_inspection()):
        payload = encode(result_message(inspection, station="line1", published_ns=None))
        ledger.append([NewResult("t", payload, inspection.verdict.judgement, 1)])
        if ledger.pending(1)[0].row_id == 1:
            ledger.delivered(1)
    ledger.close()
    return path


def test_tail_prints_the_newest_results_with_their_reasons(run: Run, file: Path) -> None:
    outcome = run("ledger", "tail", str(file), "-n", "3")

    first, second, third = outcome.out.splitlines()
    assert "OK  dropped" in first
    assert "NG  waiting" in second
    assert third.split()[0] == "4"


def test_export_writes_the_messages_with_number_and_state(run: Run, file: Path, tmp_path: Path) -> None:
    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / "all.jsonl"))

    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert outcome.status == 0
    assert [(line["sequence"], line["state"], line["judgement"]) for line in lines] == [
        (1, "delivered", "OK"),
        (3, "waiting", "NG"),
        (4, "waiting", "NG"),
    ]


def test_stats_count_by_judgement_and_state(run: Run, file: Path) -> None:
    outcome = run("ledger", "stats", str(file))

    _, ok, ng, nd, summary = outcome.out.splitlines()
    assert (ok.split(), ng.split(), nd.split()) == (
        ["OK", "0", "1", "1"],
        ["NG", "2", "0", "0"],
        ["ND", "0", "0", "0"],
    )
    assert summary == "numbers 1 to 4, 1 starts of the station"


def test_verify_accepts_books_that_balance(run: Run, file: Path) -> None:
    outcome = run("ledger", "verify", str(file))

    assert (outcome.status, "4 results, no gap" in outcome.out) == (0, True)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("DELETE FROM results WHERE sequence IN (2, 3)", "numbers 2 to 3 are missing"),
        ("UPDATE results SET payload = NULL WHERE sequence = 3", "number 3 has lost its message"),
    ],
)
def test_verify_tells_what_is_missing(run: Run, file: Path, change: str, complaint: str) -> None:
    with sqlite3.connect(file) as database:
        database.execute(change)

    outcome = run("ledger", "verify", str(file))

    assert outcome.status == 9
    assert complaint in outcome.err


@pytest.mark.parametrize("content", [None, b"no database", b""])
@pytest.mark.parametrize("verb", ["tail", "stats", "verify"])
def test_what_is_no_ledger_is_refused(run: Run, tmp_path: Path, verb: str, content: bytes | None) -> None:
    path = tmp_path / "other.db"
    if content is not None:
        path.write_bytes(content)

    outcome = run("ledger", verb, str(path))

    assert outcome.status == 9
    assert "other.db" in outcome.err
