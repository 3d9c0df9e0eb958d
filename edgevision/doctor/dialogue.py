"""A short talk with the broker, one step after the other: connect, subscribe, publish, listen.

Each step waits for the broker's answer. It has a client id of its own, because two clients of one id
throw each other out, and no last will, so that a running station is not disturbed.
"""

import time
from collections.abc import Callable

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgevision.mqtt.access import Access
from edgevision.mqtt.failure import Failure, FailureKind, connack_failure, network_failure
from edgevision.mqtt.limits import BrokerLimits, read_limits
from edgevision.mqtt.packets import connect, new_client, said_in
from edgevision.mqtt.versions import Version

__all__ = ["Dialogue"]

_STEP_S = 0.2
_KEEPALIVE_S = 30


class Dialogue:
    """One connection; use it from one thread, and close it."""

    def __init__(self, version: Version, access: Access, client_id: str, timeout_s: float) -> None:
        """Prepare; nothing is sent before `open`."""
        self.limits = BrokerLimits()
        self._timeout_s = timeout_s
        self._connack: ReasonCode | None = None
        self._answers: dict[int | None, ReasonCode] = {}
        self._messages: set[tuple[str, bytes]] = set()
        self._is_lost = False
        self._client = new_client(version, access, client_id, will=None)
        self._client.connect_timeout = timeout_s
        self._client.on_connect = self._on_connect
        self._client.on_publish = lambda _client, _data, mid, reason, _said: self._note(mid, reason)
        self._client.on_subscribe = lambda _client, _data, mid, reasons, _said: self._note(mid, reasons[0])
        self._client.on_message = self._on_message

    def open(self, host: str, port: int) -> Failure | None:
        """Connect and wait for CONNACK; return why that failed, or None."""
        where = f"{host}:{port}"
        try:
            connect(self._client, host, port, _KEEPALIVE_S)
        except OSError as error:
            return network_failure(error, where)
        self._until(lambda: self._connack is not None)
        if self._connack is None:
            what = "closed the connection" if self._is_lost else "gave no answer"
            text = f"{where} {what} instead of a CONNACK; check that this is an MQTT port"
            return Failure(FailureKind.NO_ANSWER, text)
        return connack_failure(self._connack, where) if self._connack.is_failure else None

    def subscribe(self, topic: str) -> ReasonCode | None:
        """Return what the SUBACK says; None without one."""
        result, mid = self._client.subscribe(topic, qos=1)
        return self._answer(mid) if result == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def publish(self, topic: str, payload: bytes) -> ReasonCode | None:
        """Publish with QoS 1, not retained; return what the PUBACK says, or None without one."""
        sent = self._client.publish(topic, payload, qos=1)
        return self._answer(sent.mid) if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def hears(self, topic: str, payload: bytes) -> bool:
        """Wait until this message arrives; False when it does not in time."""
        return self._until(lambda: (topic, payload) in self._messages)

    def close(self) -> None:
        """Say good-bye and close the socket."""
        self._client.disconnect()
        self._client.loop(_STEP_S)
        connection = self._client.socket()
        if connection is not None:
            connection.close()

    def _answer(self, mid: int | None) -> ReasonCode | None:
        self._until(lambda: mid in self._answers)
        return self._answers.get(mid)

    def _until(self, is_done: Callable[[], bool]) -> bool:
        deadline_s = time.monotonic() + self._timeout_s
        while not is_done() and not self._is_lost and time.monotonic() < deadline_s:
            self._is_lost = self._client.loop(_STEP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS
        return is_done()

    def _on_connect(
        self,
        _client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        said: Properties | None,
    ) -> None:
        self._connack = reason
        self.limits = read_limits(said_in(said))

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._messages.add((message.topic, bytes(message.payload)))

    def _note(self, mid: int, reason: ReasonCode) -> None:
        self._answers[mid] = reason
