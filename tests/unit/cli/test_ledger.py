"""The commands around the ledger, on real files."""

import csv
import json
import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


def test_tail_prints_the_newest_results_with_their_reasons(run: Run, ledger_file: Path) -> None:
    outcome = run("ledger", "tail", str(ledger_file), "-n", "3")

    first, second, third = outcome.out.splitlines()
    assert "OK  waiting" in first
    assert "NG  waiting" in second
    assert third.split()[0] == "5"
    assert "The crack is 190 px long" in third


def test_export_writes_the_messages_with_number_and_state(
    run: Run, ledger_file: Path, tmp_path: Path
) -> None:
    outcome = run("ledger", "export", str(ledger_file), "--out", str(tmp_path / "all.jsonl"))

    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert outcome.status == 0
    assert [(line["sequence"], line["boot_id"], line["state"], line["judgement"]) for line in lines] == [
        (2, "boot-1", "delivered", "OK"),
        (3, "boot-1", "waiting", "OK"),
        (4, "boot-1", "waiting", "NG"),
        (5, "boot-2", "waiting", "NG"),
    ]


def test_export_writes_csv_with_a_column_for_every_field(run: Run, ledger_file: Path, tmp_path: Path) -> None:
    outcome = run("ledger", "export", str(ledger_file), "--out", str(tmp_path / "all.csv"))

    with (tmp_path / "all.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert outcome.status == 0
    assert [(row["sequence"], row["state"], row["ok"]) for row in rows] == [
        ("2", "delivered", "1"),
        ("3", "waiting", "1"),
        ("4", "waiting", "0"),
        ("5", "waiting", "0"),
    ]
    assert json.loads(rows[-1]["defects"])[0]["class"] == "crack"
    assert (rows[0]["part_id"], rows[0]["score_max"]) == ("", "0.0812")


def test_export_writes_parquet_with_types(run: Run, ledger_file: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    outcome = run("ledger", "export", str(ledger_file), "--out", str(tmp_path / "all.parquet"))

    table = parquet.read_table(tmp_path / "all.parquet").to_pydict()
    assert outcome.status == 0
    assert table["sequence"] == [2, 3, 4, 5]
    assert table["judgement"] == ["OK", "OK", "NG", "NG"]
    assert table["is_simulated"] == [False] * 4
    assert table["processing_ms"] == [41.7] * 4
    assert table["part_id"] == [None] * 4


def test_export_to_an_unknown_kind_of_file_is_refused(run: Run, ledger_file: Path, tmp_path: Path) -> None:
    outcome = run("ledger", "export", str(ledger_file), "--out", str(tmp_path / "all.xlsx"))

    assert outcome.status == 2
    assert ".jsonl, .csv, .parquet" in outcome.err


def test_stats_count_by_judgement_and_state(run: Run, ledger_file: Path) -> None:
    outcome = run("ledger", "stats", str(ledger_file))

    _, ok, ng, nd, summary = outcome.out.splitlines()
    assert (ok.split(), ng.split(), nd.split()) == (
        ["OK", "1", "2", "0"],
        ["NG", "2", "0", "0"],
        ["ND", "0", "0", "0"],
    )
    assert summary == "numbers 1 to 5, 4 held, 2 starts of the station"


def test_verify_proves_books_that_balance_for_each_start(run: Run, ledger_file: Path) -> None:
    outcome = run("ledger", "verify", str(ledger_file))

    assert outcome.status == 0
    first, second, summary = outcome.out.splitlines()
    assert first == "start boot-1: 4 committed = 3 OK + 1 NG + 0 ND = 2 waiting + 2 delivered + 0 dropped"
    assert second.startswith("start boot-2: 1 committed")
    assert summary.endswith("numbers 1 to 5, 5 results, no gap, the books balance")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("DELETE FROM results WHERE sequence IN (2, 3)", "numbers 2 to 3 are missing"),
        ("DELETE FROM results WHERE sequence = 5", "start boot-2 committed 1 NG results, and 0 are"),
        ("UPDATE results SET judgement = 'OK' WHERE sequence = 4", "boot-1 committed 3 OK results, and 4"),
        ("UPDATE runs SET last = 2", "numbers 2 to 2 are there twice"),
        ("UPDATE runs SET dropped_nd = 1", "there are 5 numbers and 6 results"),
    ],
)
def test_verify_tells_what_is_wrong(run: Run, ledger_file: Path, change: str, complaint: str) -> None:
    with sqlite3.connect(ledger_file) as database:
        database.execute(change)

    outcome = run("ledger", "verify", str(ledger_file))

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
