"""Where triggers are handed in: finds the cameras that are meant, and makes the trigger of each."""

import time
import uuid
from collections.abc import Callable, Mapping

from edgevision.recipe import TriggerRules
from edgevision.triggered import TriggeredLane
from edgevision.types import Reason, Trigger

__all__ = ["TriggerDesk"]

_RESULT_IDS = uuid.UUID("0f6a4a4b-4a0c-5d6e-8a55-0f2b1c9f7a35")
"""Namespace of the result ids of triggered parts."""


class TriggerDesk:
    """Hands triggers to the cameras of one station. Safe in many threads, and never waits."""

    def __init__(
        self, station: str, lanes: Mapping[str, TriggeredLane], rules: Callable[[], TriggerRules]
    ) -> None:
        """Compose; `rules` are those of the recipe in use."""
        self._station = station
        self._lanes = lanes
        self._rules = rules

    @property
    def cameras(self) -> list[str]:
        """Which cameras take triggers here."""
        return list(self._lanes)

    def fire(
        self, trigger_id: str, requested_ns: int, *, camera: str | None = None, part_id: str | None = None
    ) -> dict[str, Reason | None]:
        """Offer a trigger to `camera`, or to all; returns for each why it was refused, None if it was not.

        `requested_ns` is on the monotonic clock. Raises KeyError for a camera that takes no triggers.
        """
        rules = self._rules()
        wall_ns = time.time_ns() - (time.monotonic_ns() - requested_ns)
        refusals = {}
        for name in [camera] if camera is not None else self._lanes:
            trigger = Trigger(
                trigger_id=trigger_id,
                result_id=str(uuid.uuid5(_RESULT_IDS, f"{self._station}\n{name}\n{trigger_id}")),
                requested_ns=requested_ns,
                wall_ns=wall_ns,
                deadline_ns=requested_ns + round(rules.deadline_ms * 1e6),
                pre_trigger_ns=round(rules.pre_trigger_ms * 1e6),
                part_id=part_id,
            )
            refusals[name] = self._lanes[name].offer(trigger)
        return refusals
