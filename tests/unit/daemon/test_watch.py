from pathlib import Path

import pytest

from edgevision.daemon.watch import (
    camera_conditions,
    engine_conditions,
    ledger_conditions,
    machine_state,
    repair_conditions,
)
from edgevision.engines.guard import EngineHealth
from edgevision.messages import MachineState, Severity
from edgevision.ports import EngineInfo, FeedCounters

FINE = FeedCounters(is_open=True, frames_read=9)
STARTING = FeedCounters()
LOST = FeedCounters(last_error="rtsp://line-a: expected a frame, got none")
BACK = FeedCounters(is_open=True, last_error="rtsp://line-a: expected a frame, got none", reopened=1)
FROZEN = FeedCounters(is_open=True, is_frozen=True)
FROZEN_AND_LOST = FeedCounters(is_frozen=True, last_error="unplugged")
STALLED = FeedCounters(is_open=True, is_stalled=True, is_frozen=True)
CHANGED = FeedCounters(is_open=True, changed="640 x 480 instead of 1280 x 720")
FINISHED = FeedCounters(frames_read=30)


@pytest.mark.parametrize(
    ("counters", "codes"),
    [
        (FINE, []),
        (STARTING, []),
        (BACK, []),
        (FINISHED, []),
        (LOST, ["camera_lost"]),
        (FROZEN, ["camera_frozen"]),
        (FROZEN_AND_LOST, ["camera_lost"]),
        (STALLED, ["camera_stalled"]),
        (CHANGED, ["camera_changed"]),
    ],
)
def test_what_is_wrong_with_a_camera(counters: FeedCounters, codes: list[str]) -> None:
    found = camera_conditions("cam1", counters)

    assert [condition.code for condition in found] == codes
    assert all((one.camera, one.severity) == ("cam1", Severity.ERROR) for one in found)
    assert all("cam1" in one.text for one in found)
    assert all(counters.last_error in one.text and counters.changed in one.text for one in found)


@pytest.mark.parametrize(
    ("cameras", "inspected", "state"),
    [
        ([FINE], 0, MachineState.READY),
        ([STARTING], 0, MachineState.READY),
        ([FINE], 1, MachineState.CONTINUOUS_EXECUTION),
        ([FINE, LOST], 1, MachineState.CONTINUOUS_EXECUTION),
        ([LOST, FROZEN], 1, MachineState.ERROR),
        ([LOST], 0, MachineState.ERROR),
        ([STALLED, CHANGED], 1, MachineState.ERROR),
        ([BACK], 1, MachineState.CONTINUOUS_EXECUTION),
    ],
)
def test_the_state_of_the_machine(cameras: list[FeedCounters], inspected: int, state: MachineState) -> None:
    by_name = {f"cam{number}": counters for number, counters in enumerate(cameras)}

    assert machine_state(by_name, inspected) is state


@pytest.mark.parametrize(
    ("health", "severity"),
    [
        (EngineHealth("failed", "device lost"), Severity.ERROR),
        (EngineHealth("restarted", "device lost"), Severity.WARNING),
        (EngineHealth("replaced", "device lost"), Severity.WARNING),
    ],
)
def test_an_engine_that_was_repaired_or_waits_for_it_is_told(
    health: EngineHealth, severity: Severity
) -> None:
    (found,) = repair_conditions({"good": EngineHealth(), "surface": health})

    assert (found.code, found.severity, found.camera) == (f"engine_{health.state}", severity, None)
    assert "surface" in found.text
    assert "device lost" in found.text


def test_a_station_without_an_engine_is_in_error() -> None:
    assert machine_state({"cam1": FINE}, 1, is_engine_failed=True) is MachineState.ERROR


@pytest.mark.parametrize(
    ("camera", "is_halted", "pending", "state"),
    [
        (FINE, False, 0, MachineState.READY),
        (FINE, False, 2, MachineState.SINGLE_EXECUTION),
        (LOST, False, 2, MachineState.ERROR),
        (FINE, True, 2, MachineState.HALTED),
        (LOST, True, 0, MachineState.HALTED),
    ],
)
def test_the_state_of_a_machine_that_waits_for_triggers(
    camera: FeedCounters, is_halted: bool, pending: int, state: MachineState
) -> None:
    assert machine_state({"cam1": camera}, 9, is_halted=is_halted, pending=pending) is state


def test_a_step_on_another_provider_than_asked_for_is_told() -> None:
    asked = EngineInfo("onnxruntime", "cuda", "cuda", "int8", "1.22", threads=4, streams=1)
    fell_back = EngineInfo("onnxruntime", "cuda", "cpu", "int8", "1.22", threads=4, streams=1)

    (found,) = engine_conditions({"good": asked, "surface": fell_back})

    assert (found.code, found.severity, found.camera) == ("engine_fallback", Severity.WARNING, None)
    assert "Step surface asked for cuda and runs on cpu." in found.text


def test_a_ledger_that_takes_nothing_or_was_damaged_is_told_for_as_long_as_it_is_so() -> None:
    assert ledger_conditions("", []) == []

    failing, damaged = ledger_conditions("the disk is full", [Path("line1.db.damaged-20261126T101112.0Z")])

    assert (failing.code, damaged.code) == ("ledger_failing", "ledger_damaged")
    assert "the disk is full" in failing.text
    assert "only in line1.db.damaged-20261126T101112.0Z" in damaged.text
