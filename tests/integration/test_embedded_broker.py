"""The demo's broker, and the station on it: the way over MQTT 3.1.1."""

import json
import socket
import sys
import threading

import jsonschema
import pytest

from edgevision.config.station import MqttSettings
from edgevision.errors import PublishError, UsageError
from edgevision.messages import Topics, schemas
from edgevision.mqtt.broker import EmbeddedBroker
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink
from tests.inspections import inspected, ng_inspection, ok_inspection
from tests.mosquitto import Subscriber

pytest.importorskip("amqtt", reason="amqtt is not installed (pip install 'edgevision[demo]')")

TOPICS = Topics("edgevision", "line1")


def test_a_station_falls_back_to_3_1_1_and_its_results_arrive() -> None:
    with EmbeddedBroker() as broker, Subscriber(broker.port) as subscriber:
        client = PahoBroker(MqttSettings(host=broker.host, port=broker.port), TOPICS)
        outbox, connected = MemoryOutbox(1000), threading.Event()
        publisher = Publisher(client, outbox, TOPICS)
        client.on_connected(connected.set)
        publisher.start()
        client.start()
        assert connected.wait(30), client.last_error
        assert client.protocol == "3.1.1"
        sink = ResultSink(outbox, publisher, TOPICS)
        for number in range(100):
            make = ng_inspection if number % 10 == 0 else ok_inspection
            sink.commit([inspected(make(result_id=f"r{number:03}"))])
        said = [json.loads(payload) for payload in subscriber.wait_for(TOPICS.result("cam1"), 100)]
        publisher.stop(5.0)
        client.stop(5.0)
        assert outbox.depth == 0
        assert subscriber.wait_for(TOPICS.status, 2) == [b"online", b"stopped"]
    validator = jsonschema.Draft202012Validator(schemas()["result"])
    for message in said:
        validator.validate(message)
    assert [message["result_id"] for message in said] == [f"r{number:03}" for number in range(100)]


def test_the_broker_is_quiet_and_gone_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with EmbeddedBroker() as broker:
        socket.create_connection((broker.host, broker.port), timeout=5).close()
    with pytest.raises(OSError, match=r"refused"):
        socket.create_connection((broker.host, broker.port), timeout=5)
    assert capfd.readouterr() == ("", "")


def test_an_address_that_others_could_reach_is_refused() -> None:
    with pytest.raises(UsageError, match="loopback"):
        EmbeddedBroker("0.0.0.0")


def test_a_port_that_is_taken_is_an_error_with_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PublishError, match=str(port)), EmbeddedBroker(port=port):
            pass


def test_without_amqtt_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amqtt", None)
    with pytest.raises(UsageError, match=r"edgevision\[demo\]"), EmbeddedBroker():
        pass
