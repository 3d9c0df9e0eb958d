import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgevision.config.plant import HomeAssistantSettings
from edgevision.config.station import CameraSettings, MqttSettings, Station
from edgevision.messages import Topics, schemas
from edgevision.mqtt.fake import FakeBroker
from edgevision.mqtt.homeassistant import announce, device_id, discovery_message
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher

TOPICS = Topics("plant1/paint", "line1.end")
CONFIG = "homeassistant/device/plant1_paint_line1_end/config"
CAMERAS = ["cam1", "cam2"]
FIELDS = {name: set(schema.get("properties", ())) for name, schema in schemas().items()}
FIELDS["last"] = FIELDS["result"]


def station(**section: Any) -> Station:
    return Station(
        station="line1.end",
        recipe=Path("recipe.yaml"),
        cameras=tuple(CameraSettings(name=name, source="0") for name in CAMERAS),
        mqtt=MqttSettings(host="localhost"),
        home_assistant=HomeAssistantSettings(**section),
    )


@contextmanager
def announced(**section: Any) -> Iterator[FakeBroker]:
    broker = FakeBroker()
    publisher = Publisher(broker, MemoryOutbox(10), TOPICS)
    announce(station(**section), TOPICS, broker, publisher)
    publisher.start()
    broker.connect()
    yield broker
    publisher.stop(60.0)


def said(broker: FakeBroker, topic: str, count: int) -> list[bytes]:
    def payloads() -> list[bytes]:
        return [message.payload for message in broker.messages if message.topic == topic]

    assert broker.wait_until(lambda _: len(payloads()) >= count)
    return payloads()


def message(*, has_previews: bool = True) -> dict[str, Any]:
    return discovery_message(TOPICS, CAMERAS, version="1.2.3", has_previews=has_previews)


def test_the_device_is_retained_when_it_is_switched_on() -> None:
    with announced(enabled=True) as broker:
        told = json.loads(said(broker, CONFIG, 1)[0])

    assert told["dev"]["name"] == "line1.end"
    assert broker.retained[CONFIG]


def test_it_is_told_again_when_home_assistant_is_born_and_only_then() -> None:
    with announced(enabled=True) as broker:
        said(broker, CONFIG, 1)
        broker.deliver("homeassistant/status", b"offline")
        broker.deliver("homeassistant/status", b"online")
        assert len(said(broker, CONFIG, 2)) == 2


def test_an_empty_message_takes_the_device_away() -> None:
    with announced(enabled=False) as broker:
        assert said(broker, CONFIG, 1) == [b""]


def test_another_prefix_is_used_throughout() -> None:
    with announced(enabled=True, prefix="ha/eu") as broker:
        said(broker, CONFIG.replace("homeassistant", "ha/eu"), 1)
        broker.deliver("ha/eu/status", b"online")
        said(broker, CONFIG.replace("homeassistant", "ha/eu"), 2)


def test_every_entity_has_an_id_of_its_own_and_a_platform() -> None:
    entities = message()["cmps"].values()

    assert all(entity["p"] in ("sensor", "image") for entity in entities)
    ids = [entity["unique_id"] for entity in entities]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in ids)


def test_every_field_that_is_shown_is_published_on_its_topic() -> None:
    for entity in message()["cmps"].values():
        if entity["p"] == "sensor":
            name = entity["state_topic"].rsplit("/", 1)[1]
            fields = re.findall(r"value_json\.(\w+)", entity["value_template"])
            assert fields
            assert set(fields) <= FIELDS[name]


def test_the_device_is_available_while_the_station_is_online() -> None:
    (availability,) = message()["availability"]

    assert availability["topic"] == TOPICS.status
    assert "== 'online'" in availability["value_template"]


def test_pictures_are_there_where_the_station_sends_them() -> None:
    assert message()["cmps"]["cam2_preview"]["image_topic"] == TOPICS.preview("cam2")
    assert "cam2_preview" not in message(has_previews=False)["cmps"]


def test_origin_and_device_name_their_version() -> None:
    told = message()

    assert told["o"]["sw_version"] == told["dev"]["sw_version"] == "1.2.3"
    assert told["dev"]["identifiers"] == [device_id(TOPICS)]
