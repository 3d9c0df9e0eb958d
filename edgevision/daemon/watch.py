"""What is wrong at the moment, and what state that is. Pure: counters in, conditions out."""

from collections.abc import Mapping
from dataclasses import dataclass

from edgevision.messages import MachineState, Severity
from edgevision.ports import EngineInfo, FeedCounters

__all__ = ["Condition", "camera_conditions", "engine_conditions", "machine_state"]


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
    if not counters.is_open and counters.last_error:
        text = f"{camera} is lost: {counters.last_error}"
        return [Condition("camera_lost", Severity.ERROR, text, camera)]
    if counters.is_frozen:
        text = f"{camera} shows the same picture all the time; its parts are ND. Check the camera."
        return [Condition("camera_frozen", Severity.ERROR, text, camera)]
    return []


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


def machine_state(
    cameras: Mapping[str, FeedCounters],
    inspected: int,
    *,
    is_halted: bool = False,
    pending: int | None = None,
) -> MachineState:
    """Return the state of a running station (OPC 40100-1, automatic mode).

    `pending` is how many triggers have no verdict yet, where all cameras wait for triggers.
    """
    if is_halted:
        return MachineState.HALTED
    lost = [name for name, counters in cameras.items() if camera_conditions(name, counters)]
    if cameras and len(lost) == len(cameras):
        return MachineState.ERROR
    if pending is not None:
        return MachineState.SINGLE_EXECUTION if pending else MachineState.READY
    return MachineState.CONTINUOUS_EXECUTION if inspected else MachineState.READY
