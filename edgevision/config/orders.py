"""The settings of a station about what it is told to do: triggers and commands. A pure format."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CommandSettings", "GpioSettings", "TriggerSettings"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class GpioSettings(_Part):
    """A line of a GPIO chip whose edges are triggers."""

    chip: Path
    """For example /dev/gpiochip0."""
    line: Annotated[int, Field(strict=True, ge=0, le=1023)]
    edge: Literal["rising", "falling"] = "rising"
    debounce_ms: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.0
    camera: str | None = None
    """Every triggered camera when absent."""


class TriggerSettings(_Part):
    """Where triggers come from besides MQTT."""

    http_port: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    """POST /trigger on the loopback interface."""
    gpio: tuple[GpioSettings, ...] = ()


class CommandSettings(_Part):
    """Commands over MQTT."""

    enabled: bool = False
    recipes: Path | None = None
    """The only folder from which recipes may be loaded; that of `recipe` when absent."""
    change_log: Path = Path("changes.jsonl")
    """Every change of the station is appended to this file."""
