"""The client against brokers that misbehave on purpose."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from edgevision.config.station import MqttSettings
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.failure import FailureKind
from edgevision.ports import Delivery, Message
from tests.clients import TOPICS, until
from tests.scriptedbroker import CLOSE, CONNECT, PUBLISH, Answer, ScriptedBroker, connack, puback, version_of


@contextmanager
def connecting(
    answer: Answer, **changes: object
) -> Iterator[tuple[ScriptedBroker, PahoBroker, threading.Event]]:
    broker = ScriptedBroker(answer)
    settings = MqttSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": broker.port,
            "connect_timeout_s": 0.3,
            "reconnect_min_s": 0.05,
            "reconnect_max_s": 0.4,
            **changes,
        }
    )
    client, connected = PahoBroker(settings, TOPICS), threading.Event()
    client.on_connected(connected.set)
    client.start()
    try:
        yield broker, client, connected
    finally:
        client.stop(0.2)
        broker.close()


@pytest.mark.parametrize("to_v5", [CLOSE, None, bytes([0x20, 2, 0, 1])], ids=["closes", "silent", "refuses"])
def test_brokers_of_3_1_1_are_spoken_to_in_3_1_1(to_v5: bytes | None) -> None:
    def answer(kind: int, content: bytes) -> bytes | None:
        if kind == CONNECT:
            return to_v5 if version_of(content) == 5 else connack(content)
        return puback(content) if kind == PUBLISH else None

    with connecting(answer) as (_, client, connected):
        assert connected.wait(30), client.last_error
        assert client.protocol == "3.1.1"


def test_a_result_does_not_wait_for_the_acknowledgement_of_earlier_bytes() -> None:
    def answer(kind: int, content: bytes) -> bytes | None:
        if kind == CONNECT:
            return connack(content)
        return puback(content) if kind == PUBLISH else None

    with connecting(answer) as (_, client, connected):
        assert connected.wait(30), client.last_error
        assert client._session is not None
        sock: Any = client._session._client.socket()
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_no_more_publishes_are_on_the_wire_than_the_broker_announced() -> None:
    receive_maximum = bytes([0x21, 0, 3])
    is_acknowledging = threading.Event()
    is_acknowledging.set()

    def answer(kind: int, content: bytes) -> bytes | None:
        if kind == CONNECT:
            return connack(content, receive_maximum)
        return puback(content) if kind == PUBLISH and is_acknowledging.is_set() else None

    with connecting(answer) as (broker, client, connected):
        assert connected.wait(30)
        assert client.receive_maximum == 3
        is_acknowledging.clear()
        before, done = broker.count(PUBLISH), list[Delivery]()
        taken = [client.publish(Message("a/b", b"x", qos=1), done.append) for _ in range(10)]
        assert taken == [True] * 3 + [False] * 7
        until(lambda: broker.count(PUBLISH) == before + 3, "three arrive")
        assert not done


def test_a_lost_connection_hands_everything_unacknowledged_back_and_sends_none_of_it_again() -> None:
    is_closing = threading.Event()

    def answer(kind: int, content: bytes) -> bytes | None:
        if kind == CONNECT:
            return connack(content)
        if kind == PUBLISH and b"status" in content:
            return puback(content)
        return CLOSE if is_closing.is_set() else None

    with connecting(answer) as (broker, client, connected):
        assert connected.wait(30)
        connected.clear()
        done: list[Delivery] = []
        for _ in range(9):
            assert client.publish(Message("a/b", b"x", qos=1), done.append)
        until(lambda: broker.count(PUBLISH) == 1 + 9, "nine arrive")
        is_closing.set()
        assert client.publish(Message("a/b", b"x", qos=1), done.append)
        assert connected.wait(30)
        assert [(delivery.ok, delivery.refused) for delivery in done] == [(False, False)] * 10
        assert broker.count(PUBLISH) == 1 + 10 + 1


def test_a_broker_that_falls_silent_is_left_after_the_keepalive_that_it_asked_for() -> None:
    server_keepalive = bytes([0x13, 0, 1])

    def answer(kind: int, content: bytes) -> bytes | None:
        if kind == CONNECT:
            return connack(content, server_keepalive)
        return puback(content) if kind == PUBLISH else None

    with connecting(answer, keepalive_s=3600) as (_, client, connected):
        assert connected.wait(30)
        assert client.limits.server_keepalive_s == 1
        until(lambda: client.last_failure, "the loss is noticed")
        assert "keepalive" in client.last_error


def test_a_broker_that_never_acknowledges_the_status_does_not_count_as_connected() -> None:
    with connecting(lambda kind, content: connack(content) if kind == CONNECT else None) as (
        broker,
        client,
        _,
    ):
        until(lambda: broker.count(PUBLISH) == 1, "the status arrives")
        assert not client.is_connected
        assert not client.publish(Message("a/b", b"x", qos=1), lambda _delivery: None)


def test_attempts_get_rarer_up_to_the_longest_delay() -> None:
    with connecting(lambda _kind, content: connack(content, reason=0x88), protocol="5") as (
        broker,
        client,
        _,
    ):
        until(lambda: len(broker.connects_at_s) >= 6, "six attempts")
        waits_s = [later - earlier for earlier, later in pairwise(broker.connects_at_s)]
        assert waits_s[-1] >= 0.2
        assert waits_s[0] < waits_s[-1]
        assert client.last_failure is not None
        assert client.last_failure.kind is FailureKind.REJECTED
        assert "Server unavailable" in client.last_error


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes([0x20, 1, 0]), bytes([0x20, 2, 0, 5])]
)
def test_an_answer_that_is_not_mqtt_is_an_error_and_not_the_end(garbage: bytes) -> None:
    with connecting(lambda _kind, _content: garbage, protocol="5") as (broker, client, _):
        until(lambda: len(broker.connects_at_s) >= 3, "it keeps trying")
        assert client.last_error
        assert not client.is_connected


def test_stop_does_not_wait_longer_than_it_may() -> None:
    def answer(kind: int, content: bytes) -> bytes | None:
        if kind == CONNECT:
            return connack(content)
        return puback(content) if kind == PUBLISH and b"status" in content else None

    with connecting(answer) as (_, client, connected):
        assert connected.wait(30)
        done: list[Delivery] = []
        client.publish(Message("a/b", b"x", qos=1), done.append)
        client.stop(0.2)
        assert [delivery.ok for delivery in done] == [False]
        assert not client._thread.is_alive()
