"""Commands to stations, as MQTT messages on `{root}/{station}/cmd/{verb}`.

Who may send them is not decided here.
"""

import uuid
from collections.abc import Callable, Mapping

from edgevision.dashboard.plant import Plant
from edgevision.errors import UsageError
from edgevision.messages.wire import encode

__all__ = ["VERBS", "Commander"]

VERBS: dict[str, tuple[str, ...]] = {
    "trigger": ("camera", "part_id"),
    "start": (),
    "stop": (),
    "recipe": ("recipe",),
}
"""Verb → what may be said with it."""

_MAX_ARGUMENT = 128


class Commander:
    """Sends commands; `publish` takes topic and payload and says whether it could."""

    def __init__(self, plant: Plant, root: str, publish: Callable[[str, bytes], bool]) -> None:
        """Command the stations of `plant` below the topic `root`."""
        self._plant = plant
        self._root = root
        self._publish = publish

    def send(self, station: str, body: Mapping[str, str], *, by: str) -> str | None:
        """Send what the body says and return the id of the command; None without a connection.

        Raises:
            UsageError: there is no such station or verb, or something unknown is said with it.
        """
        verb = body.get("verb", "")
        arguments = {name: value for name, value in body.items() if name != "verb" and value}
        with self._plant.locked:
            if self._plant.station(station) is None:
                raise UsageError(f"no station {station} was heard of")
        if verb not in VERBS:
            raise UsageError(f"expected a verb of {', '.join(VERBS)}")
        if set(arguments) - set(VERBS[verb]) or any(len(one) > _MAX_ARGUMENT for one in arguments.values()):
            raise UsageError(f"{verb}: expected at most {', '.join(VERBS[verb]) or 'nothing'} with it")
        command_id = str(uuid.uuid4())
        message = {"id": command_id, "by": by, **arguments}
        is_sent = self._publish(f"{self._root}/{station}/cmd/{verb}", encode(message))
        return command_id if is_sent else None
