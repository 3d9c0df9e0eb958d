"""The state message: where the station is in the state machine of OPC 40100-1 (OPC UA Machine Vision)."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from edgevision.messages.wire import MessageModel, epoch_ms, iso_utc
from edgevision.types import RecipeRef

__all__ = ["SCHEMA", "MachineState", "StateMessage", "state_message"]

SCHEMA = "edgevision.state/1"


class MachineState(StrEnum):
    """State names of OPC 40100-1, automatic mode."""

    PREOPERATIONAL = "Preoperational"
    HALTED = "Halted"
    ERROR = "Error"
    INITIALIZED = "Initialized"
    """No recipe is loaded."""
    READY = "Ready"
    SINGLE_EXECUTION = "SingleExecution"
    CONTINUOUS_EXECUTION = "ContinuousExecution"


class StateMessage(MessageModel):
    """Retained on `{root}/{station}/state`; sent at every change and at every connection."""

    schema_: Annotated[Literal["edgevision.state/1"], Field(alias="schema")]
    ts: int
    """When the state was entered, milliseconds since the epoch."""
    time: str
    """The same in ISO-8601 UTC."""
    station: str
    state: MachineState
    mode: Literal["Automatic"]
    recipe: str | None = None
    recipe_version: str | None = None
    text: str | None = None
    """Why, for people; given for Error and Halted."""


def state_message(
    state: MachineState,
    *,
    station: str,
    since_ns: int,
    recipe: RecipeRef | None = None,
    text: str | None = None,
) -> dict[str, Any]:
    """Return the state message. `since_ns` is UTC, when the state was entered."""
    return StateMessage(
        schema_=SCHEMA,
        ts=epoch_ms(since_ns),
        time=iso_utc(since_ns),
        station=station,
        state=state,
        mode="Automatic",
        recipe=recipe.name if recipe else None,
        recipe_version=recipe.version if recipe else None,
        text=text,
    ).to_dict()
