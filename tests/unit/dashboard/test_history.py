import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevision.dashboard.history import History
from edgevision.dashboard.intake import Intake
from edgevision.dashboard.lookup import Lookup, Wanted
from edgevision.dashboard.plant import Plant
from edgevision.dashboard.recorder import Recorder
from edgevision.errors import OutputError
from edgevision.types import Judgement
from tests.plants import Said, Station
from tests.unit.dashboard.conftest import START_MS

DAY_MS = 86_400_000


class Shift:
    """A live state that writes its history, as a dashboard has it."""

    def __init__(self, path: Path, *, max_mb: int = 100) -> None:
        self.now_ms = START_MS
        self.history = History(path, keep_days=7.0, max_mb=max_mb)
        self.recorder = Recorder(self.history, lambda: self.now_ms)
        self.plant = Plant(self.recorder, 8.0, lambda: self.now_ms)
        self.plant.restore(self.history.memory(START_MS - DAY_MS))
        self.intake = Intake(self.plant, "edgevision")
        self.lookup = Lookup(path)
        self.recorder.start()

    def hear(self, *said: Said) -> None:
        for one in said:
            self.intake.take(*one)
        self.recorder.flush()

    def close(self) -> None:
        self.recorder.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state/history.sqlite"


@pytest.fixture
def shift(path: Path) -> Iterator[Shift]:
    shift = Shift(path)
    yield shift
    shift.close()


def judged(shift: Shift, station: Station, *judgements: Judgement, **changes: str) -> list[str]:
    said = [station.result(judgement, shift.now_ms * 1_000_000, **changes) for judgement in judgements]
    shift.hear(*said)
    return [json.loads(payload)["result_id"] for _, payload, _ in said]


def test_a_restart_shows_the_shift_and_counts_nothing_twice(path: Path) -> None:
    station = Station()
    before = Shift(path)
    bad = station.result(Judgement.NG, START_MS * 1_000_000)
    picture = station.preview(json.loads(bad[1])["result_id"])
    alarm = station.alarm("camera_lost", "cam1 is lost.", START_MS * 1_000_000)
    before.hear(bad, picture, station.result(Judgement.OK, START_MS * 1_000_000), alarm)
    name = before.history.client_id
    before.close()

    after = Shift(path)
    after.hear(bad)
    live = after.plant.station("line1")
    assert live is not None
    shown = live.changes(0)
    assert live.totals == {"OK": 1, "NG": 1}
    assert shown["alarms"][0]["code"] == "camera_lost"
    assert [one["judgement"] for one in shown["results"]] == ["NG"]
    assert after.lookup.picture(shown["results"][0]["result_id"]) == picture[1]
    assert after.history.client_id == name
    after.close()


def test_the_current_minute_goes_on_after_a_restart(path: Path) -> None:
    station = Station()
    for _ in range(3):
        shift = Shift(path)
        judged(shift, station, Judgement.OK)
        shift.close()

    live = Shift(path)
    assert next(live.history.memory(0).minutes[0][2].judgements.values().__iter__()) == 3
    live.close()


def test_results_are_found_by_judgement_station_and_text(shift: Shift) -> None:
    one, two = Station("line1"), Station("line2")
    (ng, nd, ok) = judged(shift, one, Judgement.NG, Judgement.ND, Judgement.OK)
    (other,) = judged(shift, two, Judgement.NG, part_id="100%_x")

    def ids(**wanted: object) -> list[str]:
        return [found["result_id"] for found in shift.lookup.find(Wanted(**wanted))]  # type: ignore[arg-type]

    assert ids() == [other, ok, nd, ng]
    assert ids(judgements=["NG", "ND"]) == [other, nd, ng]
    assert ids(station="line1") == [ok, nd, ng]
    assert ids(text="line1-00002") == [nd]
    assert ids(text="same picture") == [nd]
    assert ids(text=ng) == [ng]
    assert ids(text="%_") == [other]
    assert ids(text="' OR 1=1 --") == []


def test_older_results_follow_page_by_page(shift: Shift) -> None:
    judged(shift, Station(), *[Judgement.OK] * 150)

    first = shift.lookup.find(Wanted())
    second = shift.lookup.find(Wanted(before=first[-1]["number"]))
    assert (len(first), len(second)) == (100, 50)
    assert len({one["result_id"] for one in first + second}) == 150


def test_an_inspection_has_its_message_and_its_neighbours(shift: Shift) -> None:
    before, this, after = judged(shift, Station(), Judgement.OK, Judgement.NG, Judgement.OK)
    judged(shift, Station("line2"), Judgement.OK)

    found = shift.lookup.result(this)
    assert found is not None
    assert found["message"]["reasons"][0]["limit"] == 20.0
    assert shift.lookup.neighbours(this) == {"previous": before, "next": after}
    assert shift.lookup.neighbours(after)["next"] is None
    assert shift.lookup.result("none") is None


def test_what_is_too_old_is_forgotten(shift: Shift) -> None:
    judged(shift, Station(), Judgement.NG)
    shift.now_ms += 8 * DAY_MS
    (fresh,) = judged(shift, Station(), Judgement.OK)
    shift.history.forget(shift.now_ms)

    assert [one["result_id"] for one in shift.lookup.find(Wanted())] == [fresh]
    assert len(shift.history.memory(0).minutes) == 1


def test_a_full_history_drops_ok_results_before_pictures_and_these_before_ng(path: Path) -> None:
    shift = Shift(path, max_mb=1)
    station = Station()
    (bad,) = judged(shift, station, Judgement.NG)
    shift.hear(station.preview(bad))
    judged(shift, station, *[Judgement.OK] * 1500)
    shift.history.forget(shift.now_ms)

    assert [one["judgement"] for one in shift.lookup.find(Wanted())] == ["NG"]
    assert shift.lookup.picture(bad) is not None
    assert shift.plant.station("line1").totals["OK"] == 1500  # type: ignore[union-attr]
    shift.close()


def test_a_history_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 7")
    database.close()

    with pytest.raises(OutputError, match="expected a history of version 1, got 7"):
        History(path, keep_days=1, max_mb=10)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"something else" * 100)

    with pytest.raises(OutputError, match="name another file with --history"):
        History(path, keep_days=1, max_mb=10)


def test_a_disk_that_takes_nothing_costs_the_history_and_nothing_else(shift: Shift, path: Path) -> None:
    judged(shift, Station(), Judgement.OK)
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE results")
    database.close()
    judged(shift, Station(), Judgement.NG)

    assert shift.recorder.dropped == 1
    assert "cannot be written" in shift.recorder.problem
    assert shift.plant.station("line1").totals == {"OK": 1, "NG": 1}  # type: ignore[union-attr]
