import json

from edgevision.messages import Severity
from edgevision.types import Judgement
from tests.plants import Said
from tests.unit.dashboard.conftest import Floor

MINUTE_MS = 60_000


def result_id(said: Said) -> str:
    return str(json.loads(said[1])["result_id"])


def test_results_are_counted_by_judgement_and_give_the_yield(floor: Floor) -> None:
    judgements = [Judgement.OK] * 7 + [Judgement.NG] * 2 + [Judgement.ND]
    floor.hear(*(floor.station.result(one, floor.now_ns) for one in judgements))

    shown = floor.shown()
    assert shown["totals"] == {"OK": 7, "NG": 2, "ND": 1}
    assert shown["yield"] == 0.7
    assert len(floor.kept.results) == 10


def test_a_result_that_arrives_twice_is_counted_once(floor: Floor) -> None:
    said = floor.station.result(Judgement.NG, floor.now_ns)
    floor.hear(said, said)

    assert floor.shown()["totals"] == {"NG": 1}


def test_counts_look_back_on_the_window_only(floor: Floor) -> None:
    floor.hear(floor.station.result(Judgement.NG, floor.now_ns))
    floor.now_ms += 8 * 60 * MINUTE_MS
    floor.hear(floor.station.result(Judgement.OK, floor.now_ns))

    assert {kind: count for kind, count in floor.shown()["totals"].items() if count} == {"OK": 1}


def test_a_quiet_station_forgets_old_minutes_as_well(floor: Floor) -> None:
    floor.hear(floor.station.result(Judgement.NG, floor.now_ns))
    before = floor.plant.changed
    floor.now_ms += 9 * 60 * MINUTE_MS
    floor.plant.expire()

    live = floor.plant.station("line1")
    assert live is not None
    assert sum(live.totals.values()) == 0
    assert "totals" in live.changes(before)


def test_a_page_is_told_only_what_changed_since_it_asked(floor: Floor) -> None:
    floor.hear(*floor.station.start(floor.now_ns), floor.station.result(Judgement.OK, floor.now_ns))
    since = floor.plant.changed
    live = floor.plant.station("line1")
    assert live is not None

    assert live.changes(since) == {}
    floor.hear(floor.station.metrics(floor.now_ns))
    assert set(live.changes(since)) == {"cameras", "totals", "verdict", "yield"}


def test_a_picture_is_shown_with_the_result_that_it_names_even_if_a_newer_one_is_there(floor: Floor) -> None:
    bad = floor.station.result(Judgement.NG, floor.now_ns)
    floor.hear(bad, floor.station.result(Judgement.OK, floor.now_ns), floor.station.preview(result_id(bad)))

    camera = floor.shown()["cameras"]["cam1"]
    assert camera["last"]["judgement"] == "OK"
    assert camera["picture"]["result"]["result_id"] == result_id(bad)


def test_the_picture_of_an_ng_is_kept_whichever_of_the_two_comes_first(floor: Floor) -> None:
    first, second = (floor.station.result(Judgement.NG, floor.now_ns) for _ in range(2))
    floor.hear(first, floor.station.preview(result_id(first)))
    floor.hear(floor.station.preview(result_id(second)), second)

    assert set(floor.kept.pictures) == {result_id(first), result_id(second)}


def test_the_picture_of_an_ok_is_shown_and_not_kept(floor: Floor) -> None:
    said = floor.station.result(Judgement.OK, floor.now_ns)
    floor.hear(said, floor.station.preview(result_id(said)))

    assert floor.shown()["cameras"]["cam1"]["picture"]["result_id"] == result_id(said)
    assert floor.kept.pictures == {}


def test_a_late_picture_brings_its_result_to_the_pages_once_more(floor: Floor) -> None:
    said = floor.station.result(Judgement.NG, floor.now_ns)
    floor.hear(said)
    since = floor.plant.changed
    floor.hear(floor.station.preview(result_id(said)))

    live = floor.plant.station("line1")
    assert live is not None
    assert [one["result_id"] for one in live.changes(since)["results"]] == [result_id(said)]


def test_what_the_broker_had_kept_is_shown_until_a_result_arrives_and_is_not_counted(floor: Floor) -> None:
    topic, payload, _ = floor.station.result(Judgement.NG, floor.now_ns)
    floor.hear((topic.replace("/result", "/last"), payload, True))
    shown = floor.shown()["cameras"]["cam1"]

    assert shown["last"]["judgement"] == "NG"
    assert shown["totals"] == {}


def test_an_alarm_is_shown_until_it_is_over_and_seen(floor: Floor) -> None:
    floor.hear(floor.station.alarm("camera_lost", "cam1 is lost.", floor.now_ns))
    assert [one["code"] for one in floor.shown()["alarms"]] == ["camera_lost"]

    floor.plant.acknowledge("line1", ("", "camera_lost"), "ann")
    (alarm,) = floor.shown()["alarms"]
    assert (alarm["acknowledged_by"], alarm["severity"]) == ("ann", Severity.ERROR)

    floor.hear(floor.station.alarm("camera_lost", "", floor.now_ns, active=False))
    assert floor.shown()["alarms"] == []
    assert floor.kept.alarms[-1].is_gone


def test_an_alarm_that_is_over_stays_until_somebody_has_seen_it(floor: Floor) -> None:
    floor.hear(floor.station.alarm("camera_lost", "cam1 is lost.", floor.now_ns))
    floor.hear(floor.station.alarm("camera_lost", "", floor.now_ns, active=False))
    assert floor.shown()["alarms"][0]["cleared_ms"] == floor.now_ms

    assert floor.plant.acknowledge("line1", ("", "camera_lost"), "ann") is not None
    assert floor.shown()["alarms"] == []


def test_an_alarm_that_comes_again_wants_to_be_seen_again(floor: Floor) -> None:
    alarm = floor.station.alarm("camera_lost", "cam1 is lost.", floor.now_ns)
    floor.hear(alarm)
    floor.plant.acknowledge("line1", ("", "camera_lost"), "ann")
    floor.hear(floor.station.alarm("camera_lost", "", floor.now_ns, active=False), alarm)

    assert floor.shown()["alarms"][0]["acknowledged_by"] is None


def test_a_station_that_starts_anew_has_no_old_alarms(floor: Floor) -> None:
    floor.hear(*floor.station.start(floor.now_ns))
    floor.hear(floor.station.alarm("camera_lost", "cam1 is lost.", floor.now_ns))
    floor.now_ms += 1000
    floor.hear(*floor.station.start(floor.now_ns))

    assert floor.shown()["alarms"][0]["cleared_ms"] is not None


def test_nobody_can_acknowledge_what_there_is_not(floor: Floor) -> None:
    assert floor.plant.acknowledge("line1", ("", "camera_lost"), "ann") is None
    floor.hear(*floor.station.start(floor.now_ns))
    assert floor.plant.acknowledge("line1", ("", "camera_lost"), "ann") is None
