import json

import pytest

from edgevision.dashboard.commands import Commander
from edgevision.errors import UsageError
from edgevision.messages import COMMAND_MODELS, Verb
from tests.unit.dashboard.conftest import Floor


@pytest.fixture
def sent() -> list[tuple[str, bytes]]:
    return []


@pytest.fixture
def commander(floor: Floor, sent: list[tuple[str, bytes]]) -> Commander:
    floor.hear(*floor.station.start(floor.now_ns))

    def publish(topic: str, payload: bytes) -> bool:
        sent.append((topic, payload))
        return True

    return Commander(floor.plant, "edgevision", publish)


@pytest.mark.parametrize(
    "body",
    [
        {"verb": "start"},
        {"verb": "stop"},
        {"verb": "trigger"},
        {"verb": "trigger", "camera": "cam1", "part_id": "P-1"},
        {"verb": "recipe", "recipe": "other.yaml"},
    ],
)
def test_a_station_gets_what_its_schema_asks_for(
    commander: Commander, sent: list[tuple[str, bytes]], body: dict[str, str]
) -> None:
    command_id = commander.send("line1", body, by="ann")

    ((topic, payload),) = sent
    verb = Verb(body["verb"])
    COMMAND_MODELS[verb].model_validate_json(payload)
    assert topic == f"edgevision/line1/cmd/{verb}"
    said = {name: value for name, value in body.items() if name != "verb"}
    assert json.loads(payload) == said | {"id": command_id, "by": "ann"}


@pytest.mark.parametrize(
    ("station", "body"),
    [
        ("line2", {"verb": "stop"}),
        ("line1", {}),
        ("line1", {"verb": "reload"}),
        ("line1", {"verb": "stop", "force": "yes"}),
        ("line1", {"verb": "stop", "by": "somebody else", "id": ""}),
        ("line1", {"verb": "recipe"}),
        ("line1", {"verb": "recipe", "recipe": "../../secret"}),
        ("line1", {"verb": "trigger", "part_id": "x" * 129}),
    ],
)
def test_what_a_station_would_not_understand_is_not_sent(
    commander: Commander, sent: list[tuple[str, bytes]], station: str, body: dict[str, str]
) -> None:
    try:
        commander.send(station, body, by="ann")
    except UsageError:
        assert sent == []
    else:
        assert json.loads(sent[0][1])["by"] == "ann"


def test_a_mistyped_recipe_is_told_in_words(commander: Commander) -> None:
    with pytest.raises(UsageError, match=r"^recipe: expected the name of a file, .* got '../x.yaml'$"):
        commander.send("line1", {"verb": "recipe", "recipe": "../x.yaml"}, by="ann")
