"""What the station says about itself on MQTT: state, info, metrics, alarms.

Remembers what was said last, so that state and alarms are sent when they change.
"""

import logging
import time
from collections.abc import Iterable

from edgevision.books import TriggerCounts
from edgevision.daemon.watch import Condition
from edgevision.messages import (
    CameraFigures,
    CommandCounts,
    EvidenceFigures,
    HostFacts,
    MachineState,
    Severity,
    alarm_message,
    alarm_record,
    commands_message,
    counters_message,
    info_message,
    metrics_message,
    state_message,
)
from edgevision.mqtt.publisher import Publisher
from edgevision.ports import EngineInfo
from edgevision.types import ModelRef, RecipeRef

__all__ = ["Voice"]

_log = logging.getLogger(__name__)

_LEVELS = {Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


class Voice:
    """Speaks through the publisher, or only to the log when the station has no broker."""

    def __init__(self, station: str, recipe: RecipeRef, publisher: Publisher | None) -> None:
        """Nothing has been said yet."""
        self._station = station
        self._recipe = recipe
        self._publisher = publisher
        self._started_ns = time.time_ns()
        self._state: MachineState | None = None
        self._active: dict[tuple[str, str | None], Condition] = {}

    @property
    def told(self) -> MachineState | None:
        """Return the state that was said last; None before the first, and while the recipe changes."""
        return self._state

    def inspects_by(self, recipe: RecipeRef) -> None:
        """Name another recipe from now on; the state is said again with it."""
        self._recipe = recipe
        self._state = None

    def introduce(
        self,
        version: str,
        cameras: list[str],
        models: tuple[ModelRef, ...],
        engines: dict[str, EngineInfo],
        host: HostFacts,
    ) -> None:
        """Say what this station is made of."""
        for model in models:
            info = engines[model.task]
            _log.info(
                "step %s: %s %s %s on %s %s (%s)",
                *(model.task, model.bundle, model.version, info.precision),
                *(info.engine, info.version, info.provider),
            )
        if self._publisher is not None:
            message = info_message(
                station=self._station,
                version=version,
                recipe=self._recipe,
                cameras=cameras,
                models=models,
                engines=engines,
                host=host,
                started_ns=self._started_ns,
            )
            self._publisher.info(message)

    def state(self, state: MachineState, text: str | None = None) -> None:
        """Say the state when it has changed."""
        if state is self._state:
            return
        self._state = state
        _log.info("state %s%s", state.value, f": {text}" if text else "")
        if self._publisher is not None:
            now_ns = time.time_ns()
            self._publisher.state(
                state_message(state, station=self._station, since_ns=now_ns, recipe=self._recipe, text=text)
            )

    def conditions(self, conditions: Iterable[Condition]) -> None:
        """Raise an alarm for each condition that is new or reads differently, and end those that are over."""
        present = {(condition.code, condition.camera): condition for condition in conditions}
        for key, condition in present.items():
            if condition != self._active.get(key):
                level = _LEVELS[condition.severity]
                record = alarm_record(condition.code, active=True, camera=condition.camera)
                _log.log(level, "alarm %s: %s", condition.code, condition.text, extra=record)
                self._alarm(condition, active=True)
        for key, condition in self._active.items():
            if key not in present:
                record = alarm_record(condition.code, active=False, camera=condition.camera)
                _log.info("alarm %s is over", condition.code, extra=record)
                self._alarm(condition, active=False)
        self._active = present

    def metrics(self, camera: str, figures: CameraFigures, evidence: EvidenceFigures | None = None) -> None:
        """Publish the figures of one camera."""
        if self._publisher is not None:
            message = metrics_message(
                camera,
                figures,
                self._publisher.figures,
                station=self._station,
                now_ns=time.time_ns(),
                evidence=evidence,
            )
            self._publisher.metrics(camera, message)

    def counters(self, camera: str, counts: TriggerCounts, since_ns: int) -> None:
        """Publish the books of a triggered camera."""
        if self._publisher is not None:
            message = counters_message(
                camera, counts, station=self._station, since_ns=since_ns, now_ns=time.time_ns()
            )
            self._publisher.counters(camera, message)

    def commands(self, counts: CommandCounts, since_ns: int) -> None:
        """Publish what became of the commands."""
        if self._publisher is not None:
            message = commands_message(
                counts, station=self._station, since_ns=since_ns, now_ns=time.time_ns()
            )
            self._publisher.commands(message)

    def _alarm(self, condition: Condition, *, active: bool) -> None:
        if self._publisher is not None:
            message = alarm_message(
                condition.code,
                condition.text if active else "Over.",
                station=self._station,
                severity=condition.severity,
                active=active,
                now_ns=time.time_ns(),
                camera=condition.camera,
            )
            self._publisher.alarm(message)
