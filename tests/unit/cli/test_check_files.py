"""That `check` looks at the files of a station, and says which it could not look at."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.stations import write_station
from tests.unit.cli.conftest import Run

BROKER = {"host": "127.0.0.1", "username": "line1"}


@pytest.mark.parametrize(
    ("camera", "fields", "expected"),
    [
        (
            {"source": "gone.mp4"},
            {},
            "cameras[0].source: expected a file or a folder at {}/gone.mp4, found nothing",
        ),
        ({"source": "ftp://cam/a"}, {}, "cameras[0].source: ftp://cam/a: expected one of http://"),
        ({"url_password_file": "gone"}, {}, "cameras[0].url_password_file: expected a file at {}/gone"),
        ({}, {"mqtt": BROKER | {"password_file": "gone"}}, "mqtt.password_file: expected a file at {}/gone"),
        ({}, {"mqtt": BROKER | {"tls": {"ca_file": "gone"}}}, "mqtt.tls.ca_file: expected a file at {}/gone"),
        ({}, {"mqtt": BROKER | {"tls": {"ca_file": "recipe.yaml"}}}, "ca_file {}/recipe.yaml: not usable"),
        ({}, {"mqtt": BROKER, "ledger": {"path": "gone/l.db"}}, "ledger.path: expected a folder at {}/gone"),
        ({}, {"mqtt": BROKER, "ledger": {"path": "."}}, "ledger.path: expected a file at {}, found a folder"),
        (
            {},
            {"mqtt": BROKER, "commands": {"enabled": True, "change_log": "gone/c.jsonl"}},
            "commands.change_log: expected a folder at {}/gone, found nothing there",
        ),
        (
            {},
            {"mqtt": BROKER, "commands": {"enabled": True, "recipes": "recipe.yaml"}},
            "commands.recipes: expected a folder at {}/recipe.yaml, found a file",
        ),
        ({}, {"evidence": {"folder": "recipe.yaml"}}, "evidence.folder: expected a folder at {}/recipe.yaml"),
        ({}, {"record": {"folder": "recipe.yaml"}}, "record.folder: expected a folder at {}/recipe.yaml"),
    ],
)
def test_a_file_that_is_missing_or_of_the_wrong_kind_is_refused(
    run: Run, tmp_path: Path, camera: dict[str, Any], fields: dict[str, Any], expected: str
) -> None:
    station = write_station(tmp_path, {"source": "sample:1"} | camera, **fields)

    outcome = run("check", str(station))

    assert outcome.status == 78
    assert expected.format(tmp_path) in outcome.err


def test_a_pipe_for_a_ledger_is_refused(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "l.db")
    station = write_station(tmp_path, {"source": "sample:1"}, mqtt=BROKER, ledger={"path": "l.db"})

    outcome = run("check", str(station))

    assert outcome.status == 78
    assert f"ledger.path: expected a file at {tmp_path}/l.db, found something that is neither" in outcome.err


def test_files_that_are_there_are_fine(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    (tmp_path / "parts").mkdir()
    fields: dict[str, Any] = {
        "mqtt": BROKER | {"password_file": "secret"},
        "ledger": {"path": "l.db"},
        "evidence": {"folder": "e"},
    }
    station = write_station(tmp_path, {"source": "parts", "url_password_file": "secret"}, **fields)

    outcome = run("check", str(station))

    assert outcome.status == 0
    assert "secret" not in outcome.out


def test_what_only_the_service_has_is_told_and_no_mistake(run: Run, tmp_path: Path) -> None:
    key = "/run/credentials/edgevision@none.service/camera-password"
    fields: dict[str, Any] = {"mqtt": BROKER, "ledger": {"path": "/var/lib/edgevision/none/ledger.db"}}
    station = write_station(tmp_path, {"source": "sample:1", "url_password_file": key}, **fields)

    outcome = run("check", str(station))

    assert outcome.status == 0
    assert f"cameras[0].url_password_file: {key} is not there now; systemd makes it" in outcome.out
    assert "ledger.path: /var/lib/edgevision/none is not there now" in outcome.out
