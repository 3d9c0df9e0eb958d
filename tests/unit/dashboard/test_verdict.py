"""Which result still tells of the line, and when there is none."""

import pytest

from edgevision.messages import MachineState
from edgevision.types import Judgement
from tests.plants import Said
from tests.unit.dashboard.conftest import Floor

OFFLINE = ("edgevision/line1/status", b"offline", True)
ONLINE = ("edgevision/line1/status", b"online", True)
RESTS = [MachineState.HALTED, MachineState.PREOPERATIONAL, MachineState.INITIALIZED]
BAD = [Judgement.NG, Judgement.ND]


def state(floor: Floor, name: MachineState) -> Said:
    """A second later, the station enters a state."""
    floor.now_ms += 1000
    return floor.station.state(name, None, floor.now_ns)


def judged(floor: Floor, judgement: Judgement, **changes: int) -> Said:
    """A second later, the station judges a part."""
    floor.now_ms += 1000
    return floor.station.result(judgement, floor.now_ns, **changes)


def verdict(floor: Floor) -> str | None:
    live = floor.plant.station("line1")
    assert live is not None
    assert live.tile()["verdict"] == live.changes(0)["verdict"] == live.verdict
    return live.verdict["judgement"] if live.verdict else None


@pytest.mark.parametrize("rest", RESTS)
def test_no_verdict_outlives_a_rest(floor: Floor, rest: MachineState) -> None:
    floor.hear(state(floor, MachineState.READY), judged(floor, Judgement.OK))
    assert verdict(floor) == "OK"
    floor.hear(state(floor, rest))
    assert verdict(floor) is None
    floor.hear(state(floor, MachineState.READY))
    assert verdict(floor) is None
    floor.hear(judged(floor, Judgement.OK))
    assert verdict(floor) == "OK"


def test_the_verdict_on_a_triggered_part_stays_when_the_station_waits_for_the_next(floor: Floor) -> None:
    floor.hear(state(floor, MachineState.READY), state(floor, MachineState.SINGLE_EXECUTION))
    floor.hear(judged(floor, Judgement.OK), state(floor, MachineState.READY))

    assert verdict(floor) == "OK"


@pytest.mark.parametrize("bad", BAD)
def test_in_error_ng_and_nd_are_told_and_no_ok_is(floor: Floor, bad: Judgement) -> None:
    floor.hear(state(floor, MachineState.READY), judged(floor, bad))
    floor.hear(state(floor, MachineState.ERROR))
    assert verdict(floor) is None
    floor.hear(judged(floor, Judgement.OK))
    assert verdict(floor) is None
    floor.hear(judged(floor, bad))
    assert verdict(floor) == bad.value
    floor.hear(state(floor, MachineState.READY))
    assert verdict(floor) == bad.value


def test_in_error_an_ok_of_another_camera_does_not_hide_an_nd(floor: Floor) -> None:
    floor.hear(state(floor, MachineState.ERROR), judged(floor, Judgement.ND))
    floor.station.camera = "cam2"
    floor.hear(judged(floor, Judgement.OK))

    assert verdict(floor) == "ND"


def test_no_verdict_outlives_an_outage_and_what_is_told_late_is_no_ok(floor: Floor) -> None:
    floor.hear(*floor.station.start(floor.now_ns), judged(floor, Judgement.OK), OFFLINE)
    assert verdict(floor) is None
    floor.hear(ONLINE)
    assert verdict(floor) is None
    floor.hear(judged(floor, Judgement.OK, late=1))
    assert verdict(floor) is None
    floor.hear(judged(floor, Judgement.OK))
    assert verdict(floor) == "OK"


def test_no_verdict_outlives_a_restart_that_nobody_noticed(floor: Floor) -> None:
    floor.hear(*floor.station.start(floor.now_ns), judged(floor, Judgement.OK))
    floor.now_ms += 1000
    floor.hear(*floor.station.start(floor.now_ns))

    assert verdict(floor) is None


def test_a_kept_result_from_before_the_state_is_no_verdict(floor: Floor) -> None:
    _, payload, _ = judged(floor, Judgement.OK)
    floor.hear((floor.station.topics.last("cam1"), payload, True), state(floor, MachineState.READY))

    assert verdict(floor) is None


def test_a_recording_whose_time_is_a_position_gives_verdicts(floor: Floor) -> None:
    floor.hear(state(floor, MachineState.READY), judged(floor, Judgement.OK, ts=40))

    assert verdict(floor) == "OK"


@pytest.mark.parametrize("dashboard_ahead_ms", [-3_600_000, 3_600_000])
def test_the_clock_of_the_dashboard_does_not_matter(floor: Floor, dashboard_ahead_ms: int) -> None:
    said = [state(floor, MachineState.READY), judged(floor, Judgement.OK)]
    floor.now_ms += dashboard_ahead_ms
    floor.hear(*said)

    assert verdict(floor) == "OK"


def test_a_station_that_puts_its_clock_back_hides_no_ng(floor: Floor) -> None:
    floor.hear(state(floor, MachineState.READY))
    floor.now_ms -= 3_600_000
    floor.hear(judged(floor, Judgement.NG))
    assert verdict(floor) == "NG"
    floor.hear(judged(floor, Judgement.OK))
    assert verdict(floor) == "OK"
