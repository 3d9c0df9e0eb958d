"""Paths inside a folder that the user may not enter: told as a mistake, never as a bug."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundles import make_bundle
from tests.stations import COMMAND, FRUGAL, write_station


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a station, and in it `locked`, which is entered by nobody, and `shut`, only listed."""
    locked, shut = tmp_path / "locked", tmp_path / "shut"
    write_station(tmp_path, {"source": "sample:1"})
    for made in (locked, shut):
        made.mkdir()
        make_bundle(made / "tiny.zip")
        (made / "part.png").write_bytes(b"")
    for name, old, new in (
        ("station-recipe", str(tmp_path / "recipe.yaml"), "locked/recipe.yaml"),
        ("station-source", "sample:1", "locked/parts"),
        ("recipe-bundle", "tiny.zip", "locked/tiny.zip"),
    ):
        text = (tmp_path / f"{name.partition('-')[0]}.yaml").read_text()
        assert old in text
        (tmp_path / f"{name}.yaml").write_text(text.replace(old, new))
    ledger = "mqtt: {host: 127.0.0.1, port: 1}\nledger: {path: locked/ledger.db}\n"
    station = (tmp_path / "station.yaml").read_text()
    (tmp_path / "station-ledger.yaml").write_text(station + ledger)
    locked.chmod(0o000)
    shut.chmod(0o400)
    yield tmp_path
    locked.chmod(0o700)
    shut.chmod(0o700)


def test_a_file_that_only_the_service_may_read_is_no_mistake(as_user: list[str], folder: Path) -> None:
    (folder / "secret").write_text("hush\n")
    (folder / "secret").chmod(0o000)
    broker = "mqtt: {host: h, username: u, password_file: secret, tls: {ca_file: locked/ca.pem}}\n"
    with (folder / "station-source.yaml").open("a") as file:
        file.write(broker)

    done = subprocess.run(
        [*as_user, *COMMAND, "check", "station-source.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert f"cameras[0].source: {folder}/locked/parts may not be looked at by this user" in done.stdout
    assert f"mqtt.password_file: {folder}/secret may not be read by this user" in done.stdout
    assert f"mqtt.tls.ca_file: {folder}/locked/ca.pem may not be looked at by this user" in done.stdout


_REPLAY = ["replay", "--recipe", "recipe.yaml", "--out", "results.jsonl", *FRUGAL]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["check", "locked/station.yaml"], 78),
        (["check", "station-recipe.yaml"], 78),
        (["check", "recipe-bundle.yaml"], 4),
        (["run", "-c", "locked/station.yaml"], 78),
        (["run", "-c", "station-source.yaml"], 6),
        (["bundle", "show", "locked/tiny.zip"], 4),
        (["ledger", "stats", "locked/ledger.db"], 9),
        (["explain", "locked/part.png", "--recipe", "recipe.yaml", "--out", "seen.png"], 6),
        (["doctor", "-c", "station-ledger.yaml"], 10),
        (["doctor", "-c", "locked/station.yaml"], 10),
        ([*_REPLAY, "locked/parts"], 6),
        ([*_REPLAY, "locked"], 6),
        ([*_REPLAY, "shut"], 6),
        ([*_REPLAY, "--annotate", "locked/video/out.mp4", "sample:1", "--frames", "1"], 8),
    ],
    ids=lambda value: "-".join(value[:3]) if isinstance(value, list) else None,
)
def test_a_folder_that_may_not_be_entered_is_told_as_such(
    as_user: list[str], folder: Path, arguments: list[str], status: int
) -> None:
    done = subprocess.run(
        [*as_user, *COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )

    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert "Permission denied" in said
    assert "Traceback" not in said
    assert "bug" not in said
