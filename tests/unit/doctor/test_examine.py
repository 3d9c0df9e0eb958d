"""The whole examination without a broker, and that nothing makes the doctor faint."""

from pathlib import Path
from typing import Any

import pytest

from edgevision.doctor.examine import examine, guarded
from edgevision.doctor.findings import Examination, Finding, Grade, fine, refused
from edgevision.types import Judgement
from tests.ledgers import append, open_ledger, result
from tests.stations import write_parts, write_recipe, write_station

SOUND = {"source": "sample:1"}
HASTY = {"open_timeout_s": 0.5, "read_timeout_s": 0.5}


def by_name(path: Path) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(path)}


def failures(path: Path) -> list[str]:
    return [finding.name for finding in examine(path) if finding.verdict is Grade.FAIL]


def test_a_sound_station_has_no_failure(tmp_path: Path) -> None:
    assert failures(write_station(tmp_path, SOUND)) == []


def test_a_station_file_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    path = write_station(tmp_path, SOUND, metrics_every_s=-1)

    (found,) = examine(path)

    assert (found.name, found.verdict) == ("settings", Grade.FAIL)
    assert f"{path}:" in found.text
    assert "metrics_every_s" in found.text


def test_a_recipe_in_place_of_a_station(tmp_path: Path) -> None:
    (found,) = examine(write_recipe(tmp_path))

    assert found.remedy == "give the file of the station"


def test_a_recipe_that_is_wrong_leaves_the_rest_to_be_examined(tmp_path: Path) -> None:
    path = write_station(tmp_path, SOUND)
    (tmp_path / "recipe.yaml").write_text("schema: edgevision.recipe/1\n")

    assert failures(path) == ["recipe"]
    assert by_name(path)["camera.cam1"].verdict is Grade.OK


def test_a_torn_bundle_is_refused(tmp_path: Path) -> None:
    path, bundle = write_station(tmp_path, SOUND), tmp_path / "tiny.zip"
    bundle.write_bytes(bundle.read_bytes()[:-100])

    assert failures(path) == ["bundle"]


def test_an_engine_that_is_not_there_is_refused(tmp_path: Path) -> None:
    engine = {"name": "onnxruntime", "provider": "tensorrt", "require": True, "precision": "fp32"}
    path = write_station(tmp_path, SOUND, engine=engine)

    assert failures(path) == ["engine"]


def test_an_engine_that_falls_back_is_warned_of(tmp_path: Path) -> None:
    engine = {"name": "onnxruntime", "provider": "cuda", "precision": "fp32", "threads": 1}
    found = by_name(write_station(tmp_path, SOUND, engine=engine))["engine.surface"]

    if found.verdict is not Grade.OK:  # This machine has no GPU.
        assert found.verdict is Grade.WARN
        assert "asked for onnxruntime cuda fp32, runs on onnxruntime" in found.text


@pytest.mark.parametrize(
    ("camera", "what"),
    [
        ({"source": "/dev/video99", **HASTY}, "/dev/video99"),
        ({"source": "gone.mp4"}, "gone.mp4"),
        (
            {"source": "http://127.0.0.1:9/stream", **HASTY},
            "127.0.0.1:9",
        ),
    ],
    ids=["device", "file", "stream"],
)
def test_a_camera_that_gives_nothing_is_told(tmp_path: Path, camera: dict[str, Any], what: str) -> None:
    found = by_name(write_station(tmp_path, camera))["camera.cam1"]

    assert found.verdict is Grade.FAIL
    assert what in found.text
    assert found.remedy


@pytest.mark.parametrize(("reaction", "verdict"), [("error", Grade.FAIL), ("warn", Grade.WARN)])
def test_a_picture_of_another_size_than_asked(tmp_path: Path, reaction: str, verdict: Grade) -> None:
    camera = {"source": str(write_parts(tmp_path / "parts")), "width": 1280, "on_refused_setting": reaction}
    found = by_name(write_station(tmp_path, camera))["camera.cam1"]

    assert found.verdict is verdict
    assert "96 x 64 instead of 1280 x 64" in found.text


def written_ledger(path: Path) -> Path:
    ledger = open_ledger(path)
    append(ledger, [result(1), result(2, Judgement.NG)])
    ledger.close()
    return path


def test_a_ledger_is_read_to_its_end(tmp_path: Path) -> None:
    ledger = written_ledger(tmp_path / "ledger.db")
    found = by_name(write_station(tmp_path, SOUND, port=1, ledger={"path": str(ledger)}))

    assert found["ledger"].text == "2 results without a gap, 2 wait for the broker"
    assert found["disk.ledger"].verdict is not Grade.FAIL


def test_a_ledger_that_is_none_is_told(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    ledger.write_bytes(b"no database" * 1000)

    assert "ledger" in failures(write_station(tmp_path, SOUND, port=1, ledger={"path": str(ledger)}))


def test_a_ledger_without_its_folder_is_told(tmp_path: Path) -> None:
    path = write_station(tmp_path, SOUND, port=1, ledger={"path": "gone/ledger.db"})

    assert by_name(path)["disk.ledger"].remedy == "make it, or correct ledger.path"


def test_of_a_ledger_that_is_a_link_the_disk_it_leads_to_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "gone" / "ledger.db")
    path = write_station(tmp_path, SOUND, port=1, ledger={"path": "link.db"})

    assert by_name(path)["disk.ledger"].text.startswith(f"{tmp_path}/gone: expected a folder")


@pytest.mark.parametrize(
    ("evidence", "verdict", "what"),
    [
        ({"min_free_gb": 0, "budget_gb": 0.001}, Grade.OK, "enough for the budget"),
        ({"min_free_gb": 0, "budget_gb": 1e6}, Grade.WARN, "of the budget of 1e+06 GB"),
        ({"min_free_gb": 1e6}, Grade.FAIL, "less than"),
    ],
    ids=["room", "little", "none"],
)
def test_the_room_for_evidence_is_told(
    tmp_path: Path, evidence: dict[str, Any], verdict: Grade, what: str
) -> None:
    path = write_station(tmp_path, SOUND, evidence={"folder": "evidence"} | evidence)
    found = by_name(path)["disk.evidence"]

    assert found.verdict is verdict
    assert what in found.text


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_bytes(b"a file")
    path = write_station(tmp_path, SOUND, evidence={"folder": "evidence"})

    assert by_name(path)["disk.evidence"].verdict is Grade.FAIL


@pytest.mark.parametrize(("mode", "verdict"), [(0o600, Grade.OK), (0o644, Grade.WARN)])
def test_who_may_read_a_password_is_told(tmp_path: Path, mode: int, verdict: Grade) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "secret").chmod(mode)
    path = write_station(tmp_path, SOUND | {"url_password_file": "secret"})
    found = by_name(path)["credentials.cam1.url_password_file"]

    assert found.verdict is verdict
    assert "s3cret" not in found.text


def test_a_password_file_that_is_missing_is_told(tmp_path: Path) -> None:
    path = write_station(tmp_path, SOUND | {"url_password_file": "gone"})

    assert failures(path) == ["credentials.cam1.url_password_file"]


def test_topics_that_mqtt_cannot_bear_are_told(tmp_path: Path) -> None:
    path = write_station(tmp_path, SOUND, port=1, topic_root="plant//paint")

    assert failures(path) == ["broker.settings"]


def faint() -> Examination:
    yield fine("x", "so far")
    raise RuntimeError("what nobody expected")


def test_a_check_that_raises_is_a_failure_and_keeps_what_it_found() -> None:
    first, second = guarded("x", faint)

    assert first.verdict is Grade.OK
    assert (second.verdict, second.text) == (
        Grade.FAIL,
        "the check itself failed: RuntimeError: what nobody expected",
    )


@pytest.mark.parametrize("content", ["", "[]", "schema: edgevision.station/1", "\0", ": :", "a: &a [*a]"])
def test_no_file_makes_the_doctor_faint(tmp_path: Path, content: str) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(content)

    assert failures(path) == ["settings"]
    assert failures(tmp_path) == ["settings"]
    assert failures(tmp_path / "gone.yaml") == ["settings"]


def test_a_message_with_a_remedy_is_told_in_two_parts_and_on_one_line() -> None:
    found = refused("x", "a.yaml:1:1: wrong\nb: got 1; expected 2; correct it")

    assert (found.text, found.remedy) == ("a.yaml:1:1: wrong | b: got 1; expected 2", "correct it")
    assert refused("x", "no remedy").text == "no remedy"
