import json

import pytest

from edgevision.dashboard.figures import figures
from edgevision.dashboard.live import CameraLive
from edgevision.dashboard.window import MAP_SIZE_WH, Minute, Window, pareto, yield_of
from edgevision.messages.result import ResultMessage
from edgevision.types import Judgement
from tests.plants import Station

MINUTE_MS = 60_000


def message(judgement: Judgement = Judgement.NG, *boxes_xyxy: tuple[int, ...]) -> ResultMessage:
    made = json.loads(Station().result(judgement, 0)[1])
    made["defects"] = [made["defects"][0] | {"box_xyxy": box} for box in boxes_xyxy] or made["defects"]
    return ResultMessage.model_validate(made)


def test_yield_is_ok_of_all_and_unknown_without_any() -> None:
    assert yield_of({"OK": 3, "NG": 0, "ND": 1}) == 0.75
    assert yield_of({}) is None
    assert yield_of({"OK": 0}) is None


@pytest.mark.parametrize(
    ("box_xyxy", "column", "row"),
    [
        ((0, 0, 10, 10), 0, 0),
        ((1270, 710, 1280, 720), 23, 15),
        ((630, 350, 650, 370), 12, 8),
        ((5000, 5000, 6000, 6000), 23, 15),
        ((-500, -500, -400, -400), 0, 0),
    ],
)
def test_a_defect_is_mapped_to_the_cell_of_its_middle(
    box_xyxy: tuple[int, ...], column: int, row: int
) -> None:
    minute = Minute(0)
    minute.add(message(Judgement.NG, box_xyxy))

    assert dict(minute.cells) == {row * MAP_SIZE_WH[0] + column: 1}


def test_the_most_frequent_class_comes_first_and_equals_by_name() -> None:
    minutes = [Minute(0), Minute(1)]
    minutes[0].classes.update({"pit": 2, "crack": 1})
    minutes[1].classes.update({"crack": 3, "dent": 2})

    assert pareto(minutes) == [("crack", 4), ("dent", 2), ("pit", 2)]


def test_totals_follow_the_minutes_that_leave() -> None:
    window = Window(hours=1)
    for minute in range(90):
        window.add(message(Judgement.OK if minute % 2 else Judgement.NG), minute * MINUTE_MS)

    assert len(list(window.minutes)) == 60
    assert sum(window.totals.values()) == 60


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    window = Window(hours=1)
    window.add(message(), 100 * MINUTE_MS)
    window.add(message(), 10 * MINUTE_MS)

    assert window.totals["NG"] == 2


def test_a_minute_comes_back_from_the_history_as_it_was() -> None:
    minute = Minute(5)
    minute.add(message())
    minute.note_latency(10.0, 20.0)
    minute.note_outbox(7)
    minute.note_outbox(3)

    assert minute.outbox_depth == 7
    assert Minute.from_dict(5, json.loads(json.dumps(minute.to_dict()))) == minute


def test_a_minute_of_an_early_history_has_no_outbox() -> None:
    content = Minute(5).to_dict()
    del content["outbox_depth"]

    assert Minute.from_dict(5, content) == Minute(5)


def test_charts_add_up_cameras_minute_by_minute() -> None:
    cameras = [CameraLive(name, Window(hours=1)) for name in ("cam1", "cam2")]
    for camera in cameras:
        camera.window.add(message(Judgement.OK), 0)
    minute = cameras[1].window.add(message(), 2 * MINUTE_MS)
    minute.note_latency(10.0, 20.0)
    minute.note_outbox(4)

    drawn = figures(cameras)
    assert drawn["trend"] == {
        "time_s": [0, 60, 120], "ok": [2, 0, 0], "ng": [0, 0, 1], "nd": [0, 0, 0],
        "latency_p50_ms": [None, None, 10.0], "latency_p99_ms": [None, None, 20.0],
        "outbox_depth": [None, None, 4],
    }  # fmt: skip
    assert drawn["pareto"] == [{"class": "crack", "count": 1}]
    assert sum(count for _, count in drawn["map"]["cells"]) == 1
