"""Whoever gives commands to a station: an MQTT 5 client with a response topic, or a 3.1.1 one without."""

import json
import threading
from typing import Any, Self

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edgevision.messages import Topics
from tests.stations import check_message

__all__ = ["Operator"]

_ANSWERS = "operators/alice"
_TIMEOUT_S = 60.0


class Operator:
    """Asks, and waits for the answer. On MQTT 5 it names a topic for answers and says who it is."""

    def __init__(self, port: int, topics: Topics, *, is_v5: bool = True) -> None:
        self._topics = topics
        self._is_v5 = is_v5
        self._port = port
        protocol = MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        self._ready = threading.Event()
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._keep
        self._arrived = threading.Condition()
        self._answers: list[paho.MQTTMessage] = []

    def __enter__(self) -> Self:
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._ready.wait(_TIMEOUT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, verb: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish a payload on a command topic."""
        properties = self._properties(verb) if self._is_v5 else None
        self._client.publish(self._topics.command(verb), payload, 1, retain, properties).wait_for_publish(
            _TIMEOUT_S
        )

    def ask(self, verb: str, **fields: Any) -> dict[str, Any]:
        """Give a command and return the answer to it."""
        return self.ask_bytes(verb, json.dumps(fields).encode())

    def ask_bytes(self, verb: str, payload: bytes) -> dict[str, Any]:
        """Give a command of any payload and return the next answer."""
        with self._arrived:
            known = len(self._answers)
        self.say(verb, payload)
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._answers) > known, _TIMEOUT_S):
                pytest.fail(f"no answer to {verb}")
            message = self._answers[known]
        answer: dict[str, Any] = json.loads(message.payload)
        check_message("answer", answer)
        if self._is_v5:
            assert message.topic == _ANSWERS
            assert getattr(message.properties, "CorrelationData", None) == verb.encode()
        else:
            assert message.topic == self._topics.answer(verb)
        return answer

    def _properties(self, verb: str) -> Properties:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = _ANSWERS
        properties.CorrelationData = verb.encode()
        properties.UserProperty = [("user", "alice")]
        return properties

    def _subscribe(self, client: paho.Client, *_: object) -> None:
        client.subscribe(_ANSWERS if self._is_v5 else self._topics.answer("+"), qos=1)

    def _keep(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self._arrived:
            self._answers.append(message)
            self._arrived.notify_all()
