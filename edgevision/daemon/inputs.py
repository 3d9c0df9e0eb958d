"""Where a station's triggers come from besides MQTT, as its settings say."""

import logging
import uuid
from collections.abc import Mapping
from functools import partial

from edgevision.config.station import Station
from edgevision.daemon.desk import TriggerDesk
from edgevision.ports import TriggerInput
from edgevision.triggers.gpio import GpiodLine, GpioInput
from edgevision.triggers.http import Ask, HttpInput
from edgevision.triggers.interval import IntervalInput
from edgevision.types import Reason

__all__ = ["open_inputs"]

_log = logging.getLogger(__name__)


def open_inputs(station: Station, desk: TriggerDesk, clocked: TriggerDesk, ask: Ask) -> list[TriggerInput]:
    """Return what fires triggers, not started.

    Args:
        station: The settings.
        desk: Takes the triggers of GPIO lines.
        clocked: Takes those of the clock, for cameras that inspect at intervals.
        ask: Answers the payload of a trigger that came over HTTP.

    Raises:
        ConfigError: a port or a line cannot be used.
    """
    inputs: list[TriggerInput] = []
    if station.triggers.http_port is not None:
        inputs.append(HttpInput(station.triggers.http_port, ask))
    inputs += [
        GpioInput(GpiodLine(settings), partial(_fire, desk, "gpio", settings.camera))
        for settings in station.triggers.gpio
    ]
    inputs += [
        IntervalInput(camera.interval_s, partial(_fire, clocked, "interval", camera.name))
        for camera in station.cameras
        if camera.mode == "interval"
    ]
    return inputs


def _fire(desk: TriggerDesk, kind: str, camera: str | None, requested_ns: int) -> None:
    offered: Mapping[str, Reason | None] = desk.fire(f"{kind}-{uuid.uuid4()}", requested_ns, camera=camera)
    for name, refusal in offered.items():
        if refusal is not None:
            _log.warning("%s: a trigger of the %s is refused: %s", name, kind, refusal.text)
