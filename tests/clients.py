"""Real MQTT clients for tests, alone or with the publisher and the sink in front of them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jsonschema

from edgevision.config.station import MqttSettings
from edgevision.messages import Topics, schemas
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.failure import FailureKind
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink

TOPICS = Topics("edgevision", "line1")
SCHEMAS = schemas()
RESULT = TOPICS.result("cam1")


def settings_for(port: int, **changes: Any) -> MqttSettings:
    return MqttSettings(
        host="127.0.0.1",
        port=port,
        reconnect_min_s=0.1,
        reconnect_max_s=0.2,
        connect_timeout_s=2.0,
        **changes,
    )


@contextmanager
def connecting(settings: MqttSettings) -> Iterator[tuple[PahoBroker, threading.Event]]:
    """Run a client; the event tells that it is connected."""
    client, connected = PahoBroker(settings, TOPICS), threading.Event()
    client.on_connected(connected.set)
    client.start()
    try:
        yield client, connected
    finally:
        client.stop(5.0)


@contextmanager
def station(settings: MqttSettings) -> Iterator[tuple[PahoBroker, ResultSink, Publisher]]:
    """Run a client with the publisher and the sink in front of it."""
    client, outbox = PahoBroker(settings, TOPICS), MemoryOutbox(10_000)
    publisher = Publisher(client, outbox, TOPICS)
    publisher.start()
    client.start()
    try:
        yield client, ResultSink(outbox, publisher, TOPICS), publisher
    finally:
        publisher.stop(2.0)
        client.stop(5.0)


def until(condition: Callable[[], object], what: str, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.01)


def failure_of(settings: MqttSettings) -> tuple[FailureKind, str]:
    """Return why a client does not get a connection."""
    with connecting(settings) as (client, connected):
        until(lambda: client.last_failure, "the client says why it failed")
        assert not connected.is_set()
        assert client.last_failure is not None
        return client.last_failure.kind, client.last_error


def ids_in(payloads: list[bytes]) -> list[str]:
    return [json.loads(payload)["result_id"] for payload in payloads]


def result_ids(payloads: list[bytes]) -> list[str]:
    """Return the ids of results that were checked against the schema."""
    validator = jsonschema.Draft202012Validator(SCHEMAS["result"])
    for payload in payloads:
        validator.validate(json.loads(payload))
    return ids_in(payloads)
