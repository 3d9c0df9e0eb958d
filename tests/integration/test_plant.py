"""The broker's example settings in a real Mosquitto: TLS, passwords and rights as a plant has them."""

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edgevision.messages.channels import CHANNELS
from tests.daemons import station
from tests.mosquitto import Mosquitto, free_port, needs_mosquitto
from tests.repo.files import ROOT
from tests.stations import check_message, write_station

pytestmark = [pytest.mark.broker, needs_mosquitto]

PLANT = ROOT / "deploy/plant"
USERS = ("line1", "line2", "operator", "telegraf", "homeassistant")
HOME_ASSISTANT = {"enabled": True}
CAMERA = {"source": "sample:1", "mode": "triggered", "fps": 20}
LONG_S = 60.0


@dataclass(frozen=True)
class Plant:
    """A broker with the example settings; everybody's password is the user's name."""

    folder: Path
    broker: Mosquitto

    def mqtt(self, user: str) -> dict[str, Any]:
        password = self.folder / f"{user}.password"
        password.write_text(user)
        return {
            "host": "127.0.0.1",
            "port": self.broker.port,
            "username": user,
            "password_file": str(password),
            "tls": {"ca_file": str(self.folder / "tls/ca.pem")},
            "reconnect_min_s": 0.1,
            "reconnect_max_s": 0.2,
        }


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made: list[str | Path] = ["sh", PLANT / "certificates.sh", tmp_path / "tls", "127.0.0.1", "localhost"]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    passwords = tmp_path / "passwords"
    passwords.touch()
    for user in USERS:
        subprocess.run(["mosquitto_passwd", "-b", passwords, user, user], check=True, capture_output=True)
    port = free_port()
    config = (PLANT / "mosquitto/mosquitto.conf").read_text()
    config = config.replace("listener 8883", f"listener {port} 127.0.0.1\nuser root")
    config = config.replace("/mosquitto/config/acl", str(PLANT / "mosquitto/acl"))
    config = config.replace("/mosquitto/config/", f"{tmp_path}/").replace("/mosquitto/data/", f"{tmp_path}/")
    (tmp_path / "mosquitto.conf").write_text(config)
    broker = Mosquitto(tmp_path / "mosquitto.conf", port)
    broker.start()
    yield Plant(tmp_path, broker)
    broker.stop()


class User:
    """A client of the plant that keeps what it gets."""

    def __init__(self, plant: Plant, name: str, *topics: str) -> None:
        self._arrived = threading.Condition()
        self._messages: list[paho.MQTTMessage] = []
        self._ready = threading.Event()
        self._topics = topics
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(name, name)
        self._client.tls_set(str(plant.folder / "tls/ca.pem"))
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._keep
        self._published: dict[int, bool] = {}
        self._client.on_publish = self._note
        self._client.connect("127.0.0.1", plant.broker.port)
        self._client.loop_start()
        assert self._ready.wait(LONG_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def may_publish(self, topic: str, payload: bytes, response_topic: str | None = None) -> bool:
        """Publish, and return whether the broker took it."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if response_topic is not None:
            properties.ResponseTopic = response_topic
        sent = self._client.publish(topic, payload, 1, properties=properties)
        with self._arrived:
            assert self._arrived.wait_for(lambda: sent.mid in self._published, LONG_S)
            return self._published[sent.mid]

    def wait_for(self, is_it: Callable[[str, bytes], bool]) -> bytes:
        """Return the payload of the first message that is meant."""

        def found() -> list[bytes]:
            return [bytes(m.payload) for m in self._messages if is_it(m.topic, bytes(m.payload))]

        with self._arrived:
            if not self._arrived.wait_for(lambda: bool(found()), LONG_S):
                pytest.fail(f"it did not come; what came: {sorted({m.topic for m in self._messages})}")
            return found()[0]

    def on(self, topic: str) -> list[bytes]:
        with self._arrived:
            return [bytes(message.payload) for message in self._messages if message.topic == topic]

    def _subscribe(self, client: paho.Client, *_: object) -> None:
        client.subscribe([(topic, 1) for topic in self._topics])

    def _keep(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self._arrived:
            self._messages.append(message)
            self._arrived.notify_all()

    def _note(self, _client: paho.Client, _data: object, mid: int, reason: Any, _said: object) -> None:
        with self._arrived:
            self._published[mid] = not reason.is_failure
            self._arrived.notify_all()


@contextmanager
def user(plant: Plant, name: str, *topics: str) -> Iterator[User]:
    client = User(plant, name, *topics)
    try:
        yield client
    finally:
        client.close()


def line(plant: Plant, **fields: Any) -> Path:
    commands = {"enabled": True, "change_log": str(plant.folder / "changes.jsonl")}
    return write_station(plant.folder, CAMERA, mqtt=plant.mqtt("line1"), commands=commands, **fields)


def command(number: int) -> bytes:
    return json.dumps({"id": f"part-{number}", "by": "operator"}).encode()


def test_a_station_with_these_rights_works_and_only_the_operator_commands_it(plant: Plant) -> None:
    path = line(plant, home_assistant=HOME_ASSISTANT)
    result, trigger = "edgevision/line1/cam1/result", "edgevision/line1/cmd/trigger"
    with (
        user(plant, "telegraf", "edgevision/#") as viewer,
        user(plant, "operator", "edgevision/#", "answers/+/operator") as operator,
        user(plant, "homeassistant", "homeassistant/#") as home,
        station(path),
    ):
        viewer.wait_for(lambda topic, payload: topic == "edgevision/line1/state" and b"Ready" in payload)
        assert not viewer.may_publish(trigger, command(1))
        assert not viewer.may_publish(result, b"{}")

        assert operator.may_publish(trigger, command(2), "answers/line1/operator")
        answer = json.loads(operator.wait_for(lambda topic, _: topic == "answers/line1/operator"))
        check_message("answer", answer)
        assert answer["id"] == "part-2"
        assert answer["ok"]
        judged = json.loads(viewer.wait_for(lambda topic, _: topic == result))
        check_message("result", judged)
        assert judged["trigger_id"] == "part-2"

        device = home.wait_for(lambda topic, _: topic == "homeassistant/device/edgevision_line1/config")
        assert json.loads(device)["dev"]["name"] == "line1"
        assert home.may_publish("homeassistant/status", b"online")

    assert len(viewer.on(result)) == 1
    assert viewer.on(trigger) == [command(2)]


def test_a_station_may_not_speak_for_another_one_nor_command_it(plant: Plant) -> None:
    with user(plant, "line2", "edgevision/line2/cmd/+") as other:
        assert other.may_publish("edgevision/line2/cam1/result", b"{}")
        assert not other.may_publish("edgevision/line1/cam1/result", b"{}")
        assert not other.may_publish("edgevision/line1/status", b"online")
        assert not other.may_publish("edgevision/line1/cmd/stop", b"{}")
        assert not other.may_publish("edgevision/line2/cmd/stop", b"{}")


def test_every_topic_that_a_station_writes_or_reads_is_in_its_rights() -> None:
    rules = (PLANT / "mosquitto/acl").read_text()

    for channel in CHANNELS:
        address = channel.address.replace("{root}/{station}", "edgevision/%u").replace("{camera}", "+")
        for verb in ("start", "stop", "trigger", "recipe", "snapshot", "reload"):
            address = address.replace(f"cmd/{verb}", "cmd/+")
        assert f"pattern {'write' if channel.is_sent else 'read'} {address}\n" in rules


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_metrics_page_of_a_live_station_is_green_while_it_inspects(plant: Plant) -> None:
    page = free_port()
    path = line(plant, metrics_page={"port": page})
    with user(plant, "operator", "edgevision/#") as operator, station(path):
        operator.wait_for(lambda topic, payload: topic == "edgevision/line1/state" and b"Ready" in payload)
        assert operator.may_publish("edgevision/line1/cmd/trigger", command(1))
        judged = json.loads(operator.wait_for(lambda topic, _: topic == "edgevision/line1/cam1/result"))
        judgement = judged["judgement"]

        text = wait_for_text(page, f'judgement="{judgement}"}} 1.0')
        assert "edgevision_broker_connected 1.0" in text
        assert get(page, "/healthz")[0] == get(page, "/readyz")[0] == 200

        assert operator.may_publish("edgevision/line1/cmd/stop", command(2))
        operator.wait_for(lambda topic, payload: topic == "edgevision/line1/state" and b"Halted" in payload)
        status, body = get(page, "/healthz")
        assert (status, json.loads(body)["state"]) == (503, "Halted")


def wait_for_text(port: int, text: str) -> str:
    """Read the page until a text is on it: the count may follow the message."""
    end_s = time.monotonic() + LONG_S
    while text not in (page := get(port, "/metrics")[1]):
        assert time.monotonic() < end_s, page
    return page
