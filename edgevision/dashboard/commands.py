"""Commands to stations, as MQTT messages on `{root}/{station}/cmd/{verb}`.

Who may send them is not decided here.
"""

import uuid
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from edgevision.config.sentences import explain
from edgevision.dashboard.plant import Plant
from edgevision.errors import UsageError
from edgevision.messages import COMMAND_MODELS, Command, Topics, Verb, encode

__all__ = ["VERBS", "Commander"]

VERBS = (Verb.TRIGGER, Verb.START, Verb.STOP, Verb.RECIPE)
"""What a page can ask for."""


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
            UsageError: there is no such station or verb, or what is said with it does not fit.
        """
        with self._plant.locked:
            if self._plant.station(station) is None:
                raise UsageError(f"no station {station} was heard of")
        if body.get("verb") not in VERBS:
            raise UsageError(f"expected a verb of {', '.join(VERBS)}")
        verb = Verb(body["verb"])
        command = _command(verb, {name: value for name, value in body.items() if name != "verb"}, by)
        topic = Topics(self._root, station).command(verb)
        return command.id if self._publish(topic, encode(command.to_dict())) else None


def _command(verb: Verb, arguments: Mapping[str, str], by: str) -> Command:
    fields = {**arguments, "id": str(uuid.uuid4()), "by": by}
    try:
        return COMMAND_MODELS[verb].model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        sentence = explain(first, COMMAND_MODELS[verb])
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {sentence}") from error
