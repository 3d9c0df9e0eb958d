"""Evidence and previews of a whole station, watched at a real Mosquitto and on a real disk."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np
import pytest

from edgevision.messages import Topics
from tests.daemons import broker, decoded, results, station, wait_until
from tests.integration.conftest import Command
from tests.mosquitto import needs_mosquitto
from tests.stations import FRUGAL, check_message, write_parts, write_station

pytestmark = [pytest.mark.broker, needs_mosquitto]

TOPICS = Topics("edgevision", "line1")
LONG_S = 120.0


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def station_file(tmp_path: Path, port: int, count: int = 12, **fields: Any) -> Path:
    """Write a station that inspects pictures, of which every third is bad."""
    source = {"source": str(write_parts(tmp_path / "parts", count))}
    return write_station(tmp_path, source, port=port, **fields)


STAMPED = {"published_ts", "published_time", "boot_id", "sequence", "late"}
"""What a result is given on its way to the broker."""


def test_results_say_where_their_picture_is_and_there_it_is(tmp_path: Path) -> None:
    with broker() as (mosquitto, subscriber):
        path = station_file(tmp_path, mosquitto.port, evidence={"folder": "evidence", "min_free_gb": 0})
        with station(path):
            messages = results(subscriber, count=12)
            figures = wait_until(subscriber, TOPICS.metrics("cam1"), lambda message: message["ok"] == 8)

    bad = [message for message in messages if message["judgement"] == "NG"]
    assert len(bad) == 4
    assert {message["result_uri"] for message in messages if message["judgement"] == "OK"} == {""}
    for message in bad:
        original = path_of(message["result_uri"])
        assert original.is_relative_to(tmp_path / "evidence" / "line1")
        assert original.parent.name == "NG"
        record = json.loads(original.with_suffix(".json").read_bytes())
        check_message("result", record)
        assert record.items() <= message.items()
        assert set(message) - set(record) <= STAMPED
        part = cv2.imread(str(tmp_path / "parts" / message["file"]))
        assert np.array_equal(np.asarray(cv2.imread(str(original))), np.asarray(part))
    check_message("metrics", figures)
    assert figures["evidence_failed"] == figures["evidence_dropped"] == figures["evidence_deleted"] == 0


def test_a_folder_of_evidence_is_replayed_with_the_same_judgements(tmp_path: Path, command: Command) -> None:
    path = write_station(
        tmp_path,
        {"source": str(write_parts(tmp_path / "parts"))},
        evidence={"folder": "evidence", "min_free_gb": 0, "ok_one_in": 1},
    )
    assert command("run", "-c", path).status == 0

    for judgement, count in (("NG", 2), ("OK", 4)):
        folder, out = tmp_path / "evidence/line1/1970-01-01" / judgement, tmp_path / f"{judgement}.jsonl"
        recipe = ["--recipe", tmp_path / "recipe.yaml"]
        done = command("replay", *FRUGAL, *recipe, "--out", out, folder)
        assert done.status == 0, done.err
        assert len(list((folder / "overlay").iterdir())) == count
        replayed = decoded(out.read_bytes().splitlines())
        assert [message["judgement"] for message in replayed] == [judgement] * count


def test_evidence_that_cannot_be_written_is_an_alarm_and_the_line_goes_on(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_bytes(b"a file where a folder should be")
    with broker() as (mosquitto, subscriber):
        path = write_station(
            tmp_path, {"source": "sample:1"}, port=mosquitto.port, evidence={"folder": "evidence"}
        )
        with station(path):
            alarm = wait_until(subscriber, TOPICS.alarm, lambda message: message["active"])
            seen = len(results(subscriber))
            results(subscriber, count=seen + 5)

    check_message("alarm", alarm)
    assert (alarm["code"], alarm["severity"]) == ("evidence_failed", "error")
    assert "check the disk" in alarm["text"]


def test_previews_are_jpegs_on_a_topic_of_their_own(tmp_path: Path) -> None:
    with broker() as (mosquitto, subscriber):
        path = write_station(
            tmp_path,
            {"source": "sample:1"},
            port=mosquitto.port,
            preview={"every_s": 0.05, "width": 320},
        )
        with station(path):
            *_, jpeg = subscriber.wait_for(TOPICS.preview("cam1"), 3, LONG_S)

    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (240, 320, 3)
