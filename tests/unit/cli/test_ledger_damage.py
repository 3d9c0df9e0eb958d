"""The commands around the ledger, on results that a failing disk or another program has changed."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


def damage_one_byte(file: Path, sequence: int) -> None:
    with sqlite3.connect(file) as database:
        ((payload,),) = database.execute("SELECT payload FROM results WHERE sequence = ?", (sequence,))
        changed = payload[:40] + bytes([payload[40] | 0x80]) + payload[41:]
        database.execute("UPDATE results SET payload = ? WHERE sequence = ?", (changed, sequence))


def test_verify_names_a_result_with_a_damaged_byte(run: Run, ledger_file: Path) -> None:
    damage_one_byte(ledger_file, 4)

    outcome = run("ledger", "verify", str(ledger_file))

    assert outcome.status == 9
    assert "result 4 is damaged: expected a message as JSON in UTF-8" in outcome.err


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b'{"a":', b"[" * 100_000])
def test_verify_names_a_result_that_is_no_message(run: Run, ledger_file: Path, payload: bytes) -> None:
    with sqlite3.connect(ledger_file) as database:
        database.execute("UPDATE results SET payload = ? WHERE sequence = 3", (payload,))

    outcome = run("ledger", "verify", str(ledger_file))

    assert outcome.status == 9
    assert "result 3 is damaged" in outcome.err


@pytest.mark.parametrize("verb", ["tail", "stats", "verify"])
def test_a_judgement_that_there_is_not_is_told(run: Run, ledger_file: Path, verb: str) -> None:
    with sqlite3.connect(ledger_file) as database:
        database.execute("PRAGMA ignore_check_constraints = 1")
        database.execute("UPDATE results SET judgement = 'NK' WHERE sequence = 3")

    outcome = run("ledger", verb, str(ledger_file))

    assert outcome.status == 9
    assert "'NK' is not a valid Judgement" in outcome.err


def test_tail_prints_the_results_around_a_damaged_one_and_names_it(run: Run, ledger_file: Path) -> None:
    damage_one_byte(ledger_file, 4)

    outcome = run("ledger", "tail", str(ledger_file))

    assert outcome.status == 3
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["2", "3", "5"]
    assert "result 4 is damaged" in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_export_writes_all_but_a_damaged_result_and_names_it(
    run: Run, ledger_file: Path, tmp_path: Path, ending: str
) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow.parquet")
    damage_one_byte(ledger_file, 4)
    out = tmp_path / f"all.{ending}"

    outcome = run("ledger", "export", str(ledger_file), "--out", str(out))

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
    run: Run, ledger_file: Path, tmp_path: Path, ending: str
) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow.parquet")
    set_field(ledger_file, 3, "colour", "blue")

    outcome = run("ledger", "export", str(ledger_file), "--out", str(tmp_path / f"all.{ending}"))

    assert outcome.status == 0
    assert "4 results" in outcome.out
    assert b"colour" not in (tmp_path / f"all.{ending}").read_bytes()


@pytest.mark.parametrize("value", [1 << 80, "many"])
def test_a_value_that_parquet_cannot_hold_is_told(
    run: Run, ledger_file: Path, tmp_path: Path, value: object
) -> None:
    pytest.importorskip("pyarrow.parquet")
    set_field(ledger_file, 3, "frame_id", value)

    outcome = run("ledger", "export", str(ledger_file), "--out", str(tmp_path / "all.parquet"))

    assert outcome.status == 8
    assert "one of the results 2 to 5 does not fit the columns" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_half_a_character_in_a_result_is_told(
    run: Run, ledger_file: Path, tmp_path: Path, ending: str
) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow.parquet")
    set_field(ledger_file, 3, "reason", "\ud83d")

    outcome = run("ledger", "export", str(ledger_file), "--out", str(tmp_path / f"all.{ending}"))

    assert outcome.status == 8
    assert "surrogates not allowed" in outcome.err
