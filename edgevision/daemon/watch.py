"""What is wrong at the moment, and what state that is. Pure: counters in, conditions out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.engines.guard import EngineHealth
from edgevision.messages import MachineState, Severity
from edgevision.ports import EngineInfo, FeedCounters

__all__ = [
    "Condition",
    "camera_conditions",
    "engine_conditions",
    "ledger_conditions",
    "machine_state",
    "repair_conditions",
]

_CAMERA_TEXTS = {
    "camera_lost": "{camera} is lost: {error}",
    "camera_stalled": "{camera}: its driver does not answer, which only a restart of the station can end. "
    "Check the camera and its cable.",
    "camera_changed": "{camera} gives {changed}; its parts are ND. Set the camera back, "
    "or restart the station with a recipe that fits.",
    "camera_frozen": "{camera} shows the same picture all the time; its parts are ND. Check the camera.",
}
_ENGINE_TEXTS = {
    "failed": "No engine runs step {step}, its parts are ND, and it is being repaired: {cause}",
    "restarted": "The engine of step {step} failed and was loaded again: {cause}",
    "replaced": "The engine of step {step} failed and another one runs in its place: {cause}",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that people should know about for as long as it lasts."""

    code: str
    severity: Severity
    text: str
    camera: str | None = None
    """None for the whole station."""


def camera_conditions(camera: str, counters: FeedCounters) -> list[Condition]:
    """Return what is wrong with a camera that has been started."""
    trouble = counters.trouble
    if not trouble:
        return []
    text = _CAMERA_TEXTS[trouble].format(camera=camera, error=counters.last_error, changed=counters.changed)
    return [Condition(trouble, Severity.ERROR, text, camera)]


def engine_conditions(engines: Mapping[str, EngineInfo]) -> list[Condition]:
    """Return which steps run on another provider than the asked one."""
    return [
        Condition(
            "engine_fallback",
            Severity.WARNING,
            f"Step {step} asked for {info.requested} and runs on {info.provider}. "
            "Install what the provider needs, or ask for the one in use.",
        )
        for step, info in engines.items()
        if info.is_fallback
    ]


def repair_conditions(engines: Mapping[str, EngineHealth]) -> list[Condition]:
    """Return which steps run on an engine that had to be repaired, or on none."""
    conditions = []
    for step, health in engines.items():
        if health.state != "running":
            severity = Severity.ERROR if health.state == "failed" else Severity.WARNING
            text = _ENGINE_TEXTS[health.state].format(step=step, cause=health.cause)
            conditions.append(Condition(f"engine_{health.state}", severity, text))
    return conditions


def ledger_conditions(failure: str, damaged: Sequence[Path]) -> list[Condition]:
    """Return what is wrong with the ledger: why it takes nothing, and which files were set aside."""
    found = []
    if failure:
        text = f"Results are kept in memory and delivered from there: {failure}"
        found.append(Condition("ledger_failing", Severity.ERROR, text))
    if damaged:
        names = ", ".join(path.name for path in damaged)
        text = (
            f"The ledger was damaged and a new one begun; what was not delivered is only in {names}. "
            "Look into it with edgevision ledger, then move it away."
        )
        found.append(Condition("ledger_damaged", Severity.ERROR, text))
    return found


def machine_state(
    cameras: Mapping[str, FeedCounters],
    inspected: int,
    *,
    is_halted: bool = False,
    is_engine_failed: bool = False,
    pending: int | None = None,
) -> MachineState:
    """Return the state of a running station (OPC 40100-1, automatic mode).

    `pending` is how many triggers have no verdict yet, where all cameras wait for triggers.
    """
    if is_halted:
        return MachineState.HALTED
    if is_engine_failed:
        return MachineState.ERROR
    lost = [name for name, counters in cameras.items() if camera_conditions(name, counters)]
    if cameras and len(lost) == len(cameras):
        return MachineState.ERROR
    if pending is not None:
        return MachineState.SINGLE_EXECUTION if pending else MachineState.READY
    return MachineState.CONTINUOUS_EXECUTION if inspected else MachineState.READY
