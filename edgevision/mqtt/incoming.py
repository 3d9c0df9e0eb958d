"""What comes in from the broker: subscribes at each connection, hands messages to their handlers.

paho's callbacks only note what came; handlers are called by `settle`, outside of paho and its
locks, by the thread that drives the connection.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgevision.mqtt.packets import request_properties
from edgevision.ports import Received

__all__ = ["Incoming"]

_log = logging.getLogger(__name__)

Handler = Callable[[Received], None]


class Incoming:
    """The subscriptions of a station; outlives its connections."""

    def __init__(self) -> None:
        """Subscribe to nothing yet."""
        self._handlers: dict[str, Handler] = {}
        self._arrived: deque[Received] = deque()
        self._asked: dict[int, str] = {}

    def add(self, topic: str, handler: Handler) -> None:
        """Subscribe to a topic, which must have no wildcard, at all connections to come."""
        self._handlers[topic] = handler

    def attach(self, client: Client) -> None:
        """Listen to a new client; what an earlier one brought is forgotten."""
        self._arrived.clear()
        self._asked.clear()
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe

    def subscribe(self, client: Client) -> None:
        """Ask the broker for all topics; called when it has accepted the connection."""
        for topic in self._handlers:
            _, packet_id = client.subscribe(topic, qos=1)
            if packet_id is not None:
                self._asked[packet_id] = topic

    def settle(self) -> None:
        """Call the handlers with what came in."""
        while self._arrived:
            received = self._arrived.popleft()
            handler = self._handlers.get(received.topic)
            if handler is not None:
                handler(received)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        asked = request_properties(message)
        self._arrived.append(
            Received(
                topic=message.topic,
                payload=bytes(message.payload),
                received_ns=time.monotonic_ns(),
                is_retained=message.retain,
                response_topic=asked.response_topic,
                correlation_data=asked.correlation_data,
                user_properties=asked.user,
            )
        )

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        packet_id: int,
        reasons: Sequence[ReasonCode],
        _said: Properties | None,
    ) -> None:
        topic = self._asked.pop(packet_id, "?")
        for reason in reasons:
            if reason.is_failure:
                _log.warning("the broker does not let this station listen to %s: %s", topic, reason.getName())
