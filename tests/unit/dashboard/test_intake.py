import json
from typing import Any

import pytest

from edgevision.dashboard.address import read_topic
from edgevision.types import Judgement
from tests.plants import Station, preview
from tests.unit.dashboard.conftest import START_MS, Floor

RESULT = json.loads(Station().result(Judgement.NG, START_MS * 1_000_000)[1])


def changed(**fields: Any) -> bytes:
    return json.dumps(RESULT | fields).encode()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("edgevision/line1/cam1/result", b"\xff\xfe"),
        ("edgevision/line1/cam1/result", b"[]"),
        ("edgevision/line1/cam1/result", b'{"schema":"edgevision.result/1"}'),
        ("edgevision/line1/cam1/result", changed(judgement="MAYBE")),
        ("edgevision/line1/cam1/result", changed(station="line2")),
        ("edgevision/line1/cam2/result", changed()),
        ("edgevision/line1/cam1/result", changed(result_id="x" * 201)),
        ("edgevision/line1/cam1/result", changed(width=0)),
        ("edgevision/line1/cam1/result", changed(reason="x" * 300_000)),
        ("edgevision/line1/cam1/result", changed(score_max="NaN")),
        ("edgevision/line1/status", b"ONLINE"),
        ("edgevision/line1/status", b"\xff"),
        ("edgevision/line1/cam1/preview", b"<svg onload=alert(1)>"),
        ("edgevision/line1/cam1/preview", b"\xff\xd8\xff" + bytes(2_000_001)),
        ("edgevision/line1/cmd/start/ack", b"no json"),
        ("edgevision/line1/cmd/start/ack", b"[" * 100_000),
        ("edgevision/<img src=x>/status", b"online"),
        ("edgevision/line1/<b>/result", changed(camera="<b>")),
        ("edgevision/line1/cmd/result", changed(camera="cmd")),
        ("edgevision/line1/cam1/result/more", changed()),
        ("elsewhere/line1/status", b"online"),
    ],
)
def test_junk_is_dropped_and_counted(floor: Floor, topic: str, payload: bytes) -> None:
    floor.intake.take(topic, payload)

    assert sum(floor.intake.junk.values()) == 1
    assert floor.intake.taken == 0
    assert all(not station.totals for station in floor.plant.stations())


def test_a_field_that_a_newer_station_adds_is_no_junk(floor: Floor) -> None:
    floor.intake.take("edgevision/line1/cam1/result", changed(moon_phase="full"))

    assert floor.shown()["totals"] == {"NG": 1}


def test_a_flood_of_stations_is_bounded(floor: Floor) -> None:
    for number in range(600):
        floor.intake.take(f"edgevision/line{number}/status", b"online")

    assert len(floor.plant.stations()) == 500
    assert floor.intake.junk["status"] == 100


def test_a_flood_of_classes_is_bounded(floor: Floor) -> None:
    defects = [RESULT["defects"][0] | {"class": f"c{number}"} for number in range(500)]
    floor.intake.take("edgevision/line1/cam1/result", changed(defects=defects))

    minute = floor.kept.minutes[-1]
    assert len(minute.classes) == 33
    assert sum(minute.classes.values()) == 500
    assert len(floor.shown()["results"][0]["defects"]) == 64


def test_what_is_sent_twice_by_design_is_read_once(floor: Floor) -> None:
    floor.intake.take("edgevision/line1/cam1/last", changed())

    assert floor.intake.taken == 0
    assert not floor.intake.junk


def test_a_deleted_retained_message_says_nothing(floor: Floor) -> None:
    floor.intake.take("edgevision/line1/status", b"", True)

    assert not floor.intake.junk
    assert floor.plant.stations() == []


@pytest.mark.parametrize(
    "jpeg",
    [
        preview(None),
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xfe",
        b"\xff\xd8\xff\xfe\x00\x01",
        b"\xff\xd8\xff\xfe\xff\xffresult",
        b"\xff\xd8\xff\xda\x00\x08result_id=x",
    ],
)
def test_a_picture_without_a_name_is_shown_without_one(floor: Floor, jpeg: bytes) -> None:
    floor.intake.take("edgevision/line1/cam1/preview", jpeg)

    assert floor.shown()["cameras"]["cam1"]["picture"]["result_id"] is None


def test_a_root_of_several_levels_is_read() -> None:
    address = read_topic("plant/hall 3", "plant/hall 3/line1/cam1/metrics")

    assert address is not None
    assert (address.station, address.camera) == ("line1", "cam1")
