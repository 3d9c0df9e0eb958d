"""All by which a running station is told what to do: triggers and commands, wherever they come from.

Puts the pieces together, starts and stops them.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from edgevision.config.station import Station
from edgevision.daemon.actions import Actions
from edgevision.daemon.commands import Answer, Commands, Reply, Request
from edgevision.daemon.desk import TriggerDesk
from edgevision.daemon.inputs import open_inputs
from edgevision.daemon.lines import Line
from edgevision.daemon.recipes import ActiveRecipe
from edgevision.daemon.reload import Reload
from edgevision.daemon.watch import Condition
from edgevision.host.changelog import ChangeLog
from edgevision.messages import CommandCounts, Severity, Topics, Verb, encode
from edgevision.messages.command import printable
from edgevision.mqtt.commands import CommandChannel
from edgevision.ports import Broker, Message, Received
from edgevision.triggered import TriggeredLane

__all__ = ["Controls"]

_CHANGE_GRACE_S = 1.0
"""How long a stop waits for a change; results need the rest of its time."""


class Controls:
    """The controls of one station."""

    def __init__(
        self,
        station: Station,
        lines: Sequence[Line],
        active: ActiveRecipe,
        *,
        topics: Topics,
        broker: Broker | None,
        file: Path | None,
        take: Callable[[Station], None],
        on_change: Callable[[], None],
    ) -> None:
        """Compose; nothing is taken before `start`.

        Args:
            station: The settings.
            lines: The cameras.
            active: The recipe in use.
            topics: Those of the station.
            broker: Brings commands; it must not have been started yet.
            file: Where the settings came from.
            take: Gets settings that have changed while running.
            on_change: Called when a command may have changed the station's state.

        Raises:
            ConfigError: the change log, a port or a line cannot be used.
        """
        self._topics = topics
        desk, clocked = (_desk(station, lines, active, mode) for mode in ("triggered", "interval"))
        actions = Actions(
            lines={line.camera: line for line in lines},
            desk=desk,
            active=active,
            recipes=station.commands.recipes or station.recipe.parent,
            reload=Reload(file, station, active, take),
            send_picture=self._send_picture,
            on_change=on_change,
        )
        is_open = station.commands.enabled and broker is not None
        self._changes = ChangeLog(station.commands.change_log) if is_open else None
        self._commands = Commands(station.station, actions.table(), self._changes)
        self._inputs = open_inputs(station, desk, clocked, self._ask)
        self._channel: CommandChannel | None = None
        if broker is not None and is_open:
            self._channel = CommandChannel(broker, topics, self._heard, self._commands.count)

    def start(self) -> None:
        """Take triggers and commands."""
        if self._channel is not None:
            self._channel.start()
        for one in self._inputs:
            one.start()

    def stop(self, stop_by_s: float) -> None:
        """Take no more of either; what has come is still answered, as is a change that is over in time.

        Args:
            stop_by_s: When the station's stop has to be over (monotonic).
        """
        for one in self._inputs:
            one.stop()
        self._commands.stop(min(_CHANGE_GRACE_S, stop_by_s - time.monotonic()))
        if self._channel is not None:
            self._channel.stop()
        if self._changes is not None:
            self._changes.close()

    @property
    def is_held(self) -> bool:
        """Whether, after `stop`, a change that is not over still holds a thread."""
        return self._commands.is_held

    def reload(self, who: str, reply: Reply) -> None:
        """Read the station file again on behalf of somebody at this machine; another thread replies."""
        payload = encode({"id": f"reload-{uuid.uuid4()}", "by": who})
        request = Request(Verb.RELOAD, payload, time.monotonic_ns(), transport="local")
        self._commands.handle(request, reply)

    @property
    def counts(self) -> CommandCounts | None:
        """Return what became of the commands; None where there are none."""
        return self._commands.counts if self._channel is not None else None

    def conditions(self) -> list[Condition]:
        """Return what is wrong here."""
        error = self._commands.change_log_error
        return [Condition("change_log_failed", Severity.ERROR, error)] if error else []

    def _heard(self, verb: Verb, received: Received, reply: Reply) -> None:
        user = printable(received.user_properties.get("user"))
        request = Request(verb, received.payload, received.received_ns, transport="mqtt", user=user)
        self._commands.handle(request, reply)

    def _ask(self, payload: bytes, received_ns: int) -> Answer:
        answers: list[Answer] = []
        self._commands.handle(Request(Verb.TRIGGER, payload, received_ns, transport="http"), answers.append)
        return answers[0]

    def _send_picture(self, camera: str, picture: bytes) -> None:
        if self._channel is not None:
            self._channel.publish(Message(self._topics.snapshot(camera), picture, qos=1))


def _desk(station: Station, lines: Sequence[Line], active: ActiveRecipe, mode: str) -> TriggerDesk:
    """Return the desk for all cameras of a mode."""
    wanted = {camera.name for camera in station.cameras if camera.mode == mode}
    lanes = {
        line.camera: line.lane
        for line in lines
        if line.camera in wanted and isinstance(line.lane, TriggeredLane)
    }
    return TriggerDesk(station.station, lanes, lambda: active.rules)
