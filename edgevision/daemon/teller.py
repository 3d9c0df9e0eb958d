"""Tells state, recipe and counts as triggers and commands change them."""

import threading
import time
from collections.abc import Callable, Sequence

from edgevision.books import TriggerCounts
from edgevision.daemon.lines import Line
from edgevision.daemon.recipes import ActiveRecipe
from edgevision.daemon.voice import Voice
from edgevision.daemon.watch import camera_conditions, machine_state, repair_conditions
from edgevision.messages import CommandCounts, MachineState
from edgevision.triggered import TriggeredLane

__all__ = ["Teller"]


class Teller:
    """Speaks through the voice, when something is another than it was."""

    def __init__(
        self, lines: Sequence[Line], active: ActiveRecipe, voice: Voice, introduce: Callable[[], None]
    ) -> None:
        """Compose; `introduce` says again what the station is made of, after a change of recipe."""
        self._lines = tuple(lines)
        self._active = active
        self._voice = voice
        self._introduce = introduce
        self._since_ns = time.time_ns()
        self._told: dict[str, TriggerCounts] = {}
        self._told_commands: CommandCounts | None = None
        self._told_recipe = active.loaded.ref
        self._told_models = active.models.refs
        self._telling = threading.Lock()
        self._is_over = False

    def stop(self) -> None:
        """Leave the state to others: the station is being stopped."""
        with self._telling:
            self._is_over = True

    def state(self) -> None:
        """Tell the state of the station, and recipe and models after a change; from any thread."""
        with self._telling:
            if self._is_over:
                return
            if self._active.loaded.ref != self._told_recipe:
                self._told_recipe = self._active.loaded.ref
                self._voice.inspects_by(self._told_recipe)
                self._introduce()
            elif self._active.models.refs != self._told_models:
                self._introduce()
            self._told_models = self._active.models.refs
            self._tell_state()

    @property
    def present(self) -> MachineState:
        """Return the state of the station as it is now."""
        told = [line.lane for line in self._lines if isinstance(line.lane, TriggeredLane)]
        return machine_state(
            {line.camera: line.lane.feed.counters for line in self._lines},
            sum(line.records.total for line in self._lines),
            is_halted=self._is_halted,
            is_engine_failed=any(one.state == "failed" for one in self._active.models.health.values()),
            pending=sum(lane.counts.pending for lane in told) if len(told) == len(self._lines) else None,
        )

    def counts(self, commands: CommandCounts | None) -> None:
        """Tell the books that have changed; from one thread."""
        for line in self._lines:
            if isinstance(line.lane, TriggeredLane):
                counts = line.lane.counts
                if self._told.get(line.camera) != counts:
                    self._told[line.camera] = counts
                    self._voice.counters(line.camera, counts, self._since_ns)
        if commands is not None and commands != self._told_commands:
            self._told_commands = commands
            self._voice.commands(commands, self._since_ns)

    @property
    def _is_halted(self) -> bool:
        return any(line.lane.is_halted for line in self._lines)

    def _tell_state(self) -> None:
        wrong = repair_conditions(self._active.models.health)
        for line in self._lines:
            wrong += camera_conditions(line.camera, line.lane.feed.counters)
        texts = [condition.text for condition in wrong]
        self._voice.state(
            self.present, "Halted by a command." if self._is_halted else next(iter(texts), None)
        )
