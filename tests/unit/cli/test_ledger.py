"""The commands around the ledger, on real files."""

import csv
import json
import sqlite3
from pathlib import Path

import pytest

from edgevision.ledger.database import Database
from edgevision.ledger.journal import Ledger
from edgevision.ledger.room import Room
from edgevision.messages import encode, result_message
from edgevision.ports import NewResult
from edgevision.types import Inspection
from tests.inspections import ng_inspection, ok_inspection
from tests.ledgers import append, open_ledger
from tests.unit.cli.conftest import Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a ledger of two starts: one OK let go, one OK delivered, an OK and two NG waiting."""
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    for inspection in (ok_inspection(), ok_inspection(), ok_inspection(), ng_inspection()):
        put(ledger, inspection)
    ledger.delivered(1)
    ledger.close()
    database = Database(path)
    assert Room(database).forget() == 1
    database.close()
    ledger = open_ledger(path, "boot-2")
    put(ledger, ng_inspection())
    ledger.delivered(2)
    ledger.close()
    return path


def put(ledger: Ledger, inspection: Inspection) -> None:
    payload = encode(result_message(inspection, station="line1", published_ns=None))
    append(ledger, [NewResult("t", payload, inspection.verdict.judgement, 1)])


def test_tail_prints_the_newest_results_with_their_reasons(run: Run, file: Path) -> None:
    outcome = run("ledger", "tail", str(file), "-n", "3")

    first, second, third = outcome.out.splitlines()
    assert "OK  waiting" in first
    assert "NG  waiting" in second
    assert third.split()[0] == "5"
    assert "The crack is 190 px long" in third


def test_export_writes_the_messages_with_number_and_state(run: Run, file: Path, tmp_path: Path) -> None:
    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / "all.jsonl"))

    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert outcome.status == 0
    assert [(line["sequence"], line["boot_id"], line["state"], line["judgement"]) for line in lines] == [
        (2, "boot-1", "delivered", "OK"),
        (3, "boot-1", "waiting", "OK"),
        (4, "boot-1", "waiting", "NG"),
        (5, "boot-2", "waiting", "NG"),
    ]


def test_export_writes_csv_with_a_column_for_every_field(run: Run, file: Path, tmp_path: Path) -> None:
    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / "all.csv"))

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


def test_export_writes_parquet_with_types(run: Run, file: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / "all.parquet"))

    table = parquet.read_table(tmp_path / "all.parquet").to_pydict()
    assert outcome.status == 0
    assert table["sequence"] == [2, 3, 4, 5]
    assert table["judgement"] == ["OK", "OK", "NG", "NG"]
    assert table["is_simulated"] == [False] * 4
    assert table["processing_ms"] == [41.7] * 4
    assert table["part_id"] == [None] * 4


def test_export_to_an_unknown_kind_of_file_is_refused(run: Run, file: Path, tmp_path: Path) -> None:
    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / "all.xlsx"))

    assert outcome.status == 2
    assert ".jsonl, .csv, .parquet" in outcome.err


def test_stats_count_by_judgement_and_state(run: Run, file: Path) -> None:
    outcome = run("ledger", "stats", str(file))

    _, ok, ng, nd, summary = outcome.out.splitlines()
    assert (ok.split(), ng.split(), nd.split()) == (
        ["OK", "1", "2", "0"],
        ["NG", "2", "0", "0"],
        ["ND", "0", "0", "0"],
    )
    assert summary == "numbers 1 to 5, 4 held, 2 starts of the station"


def test_verify_proves_books_that_balance_for_each_start(run: Run, file: Path) -> None:
    outcome = run("ledger", "verify", str(file))

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
def test_verify_tells_what_is_wrong(run: Run, file: Path, change: str, complaint: str) -> None:
    with sqlite3.connect(file) as database:
        database.execute(change)

    outcome = run("ledger", "verify", str(file))

    assert outcome.status == 9
    assert complaint in outcome.err


def damage_one_byte(file: Path, sequence: int) -> None:
    with sqlite3.connect(file) as database:
        ((payload,),) = database.execute("SELECT payload FROM results WHERE sequence = ?", (sequence,))
        changed = payload[:40] + bytes([payload[40] | 0x80]) + payload[41:]
        database.execute("UPDATE results SET payload = ? WHERE sequence = ?", (changed, sequence))


def test_verify_names_a_result_with_a_damaged_byte(run: Run, file: Path) -> None:
    damage_one_byte(file, 4)

    outcome = run("ledger", "verify", str(file))

    assert outcome.status == 9
    assert "result 4 is damaged: expected a message as JSON in UTF-8" in outcome.err


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b'{"a":', b"[" * 100_000])
def test_verify_names_a_result_that_is_no_message(run: Run, file: Path, payload: bytes) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE results SET payload = ? WHERE sequence = 3", (payload,))

    outcome = run("ledger", "verify", str(file))

    assert outcome.status == 9
    assert "result 3 is damaged" in outcome.err


def test_tail_prints_the_results_around_a_damaged_one_and_names_it(run: Run, file: Path) -> None:
    damage_one_byte(file, 4)

    outcome = run("ledger", "tail", str(file))

    assert outcome.status == 3
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["2", "3", "5"]
    assert "result 4 is damaged" in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_export_writes_all_but_a_damaged_result_and_names_it(
    run: Run, file: Path, tmp_path: Path, ending: str
) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow.parquet")
    damage_one_byte(file, 4)
    out = tmp_path / f"all.{ending}"

    outcome = run("ledger", "export", str(file), "--out", str(out))

    assert outcome.status == 3
    assert "result 4 is damaged" in outcome.err
    assert f"{out}: 3 other results were written" in outcome.err
    assert "Traceback" not in outcome.err
    if ending == "jsonl":
        assert [json.loads(line)["sequence"] for line in out.read_text().splitlines()] == [2, 3, 5]


def set_field(file: Path, sequence: int, name: str, value: object) -> None:
    with sqlite3.connect(file) as database:
        ((payload,),) = database.execute("SELECT payload FROM results WHERE sequence = ?", (sequence,))
        changed = json.dumps(json.loads(payload) | {name: value}).encode()
        database.execute("UPDATE results SET payload = ? WHERE sequence = ?", (changed, sequence))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_export_into_columns_leaves_out_a_field_that_is_not_known(
    run: Run, file: Path, tmp_path: Path, ending: str
) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow.parquet")
    set_field(file, 3, "colour", "blue")

    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / f"all.{ending}"))

    assert outcome.status == 0
    assert "4 results" in outcome.out
    assert b"colour" not in (tmp_path / f"all.{ending}").read_bytes()


@pytest.mark.parametrize("value", [1 << 80, "many"])
def test_a_value_that_parquet_cannot_hold_is_told(
    run: Run, file: Path, tmp_path: Path, value: object
) -> None:
    pytest.importorskip("pyarrow.parquet")
    set_field(file, 3, "frame_id", value)

    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / "all.parquet"))

    assert outcome.status == 8
    assert "one of the results 2 to 5 does not fit the columns" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_half_a_character_in_a_result_is_told(run: Run, file: Path, tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow.parquet")
    set_field(file, 3, "reason", "\ud83d")

    outcome = run("ledger", "export", str(file), "--out", str(tmp_path / f"all.{ending}"))

    assert outcome.status == 8
    assert "surrogates not allowed" in outcome.err


@pytest.mark.parametrize("content", [None, b"no database", b""])
@pytest.mark.parametrize("verb", ["tail", "stats", "verify"])
def test_what_is_no_ledger_is_refused(run: Run, tmp_path: Path, verb: str, content: bytes | None) -> None:
    path = tmp_path / "other.db"
    if content is not None:
        path.write_bytes(content)

    outcome = run("ledger", verb, str(path))

    assert outcome.status == 9
    assert "other.db" in outcome.err
