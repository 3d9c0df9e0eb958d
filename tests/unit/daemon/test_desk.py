import pytest

from edgevision.daemon.desk import TriggerDesk
from edgevision.recipe import TriggerRules
from edgevision.triggered import TriggeredLane
from edgevision.types import Reason, Trigger


class Lane(TriggeredLane):
    """Keeps what it is offered, and refuses it if it is told to."""

    def __init__(self, refusal: Reason | None = None) -> None:
        self.offered: list[Trigger] = []
        self.refusal = refusal

    def offer(self, trigger: Trigger) -> Reason | None:
        self.offered.append(trigger)
        return self.refusal


RULES = TriggerRules(deadline_ms=250, pre_trigger_ms=40)


def test_a_trigger_goes_to_every_camera_with_the_rules_of_the_recipe_and_a_result_id_of_its_own() -> None:
    busy = Reason("not_ready", "too many")
    lanes = {"cam1": Lane(), "cam2": Lane(busy)}
    offered = TriggerDesk("line1", lanes, lambda: RULES).fire("t1", 1_000, part_id="SN1")

    assert offered == {"cam1": None, "cam2": busy}
    first, second = lanes["cam1"].offered[0], lanes["cam2"].offered[0]
    assert (first.deadline_ns, first.pre_trigger_ns) == (250_001_000, 40_000_000)
    assert (first.trigger_id, first.part_id, first.requested_ns) == ("t1", "SN1", 1_000)
    assert first.result_id != second.result_id


def test_the_result_id_follows_from_station_camera_and_trigger() -> None:
    def result_id(station: str) -> str:
        lane = Lane()
        TriggerDesk(station, {"cam1": lane}, lambda: RULES).fire("t1", 1_000, camera="cam1")
        return lane.offered[0].result_id

    assert result_id("line1") == result_id("line1") != result_id("line2")


def test_only_the_camera_that_is_named_is_triggered() -> None:
    lanes = {"cam1": Lane(), "cam2": Lane()}
    desk = TriggerDesk("line1", lanes, lambda: RULES)

    assert desk.fire("t1", 1_000, camera="cam2") == {"cam2": None}
    assert lanes["cam1"].offered == []
    assert desk.cameras == ["cam1", "cam2"]
    with pytest.raises(KeyError):
        desk.fire("t2", 1_000, camera="cam3")
