"""One connection to the broker, from CONNECT to its loss. It is never used again afterwards.

paho keeps unacknowledged messages over a reconnect and then sends them all at once, so each
connection gets a client of its own that is thrown away with everything in it. Its network
loop is driven from here, by the one thread that calls `open`, `pump` and `disconnect`.
paho's callbacks only note what happened; it is acted upon outside of paho and its locks.
"""

import selectors
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import LogLevel, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgevision.mqtt.access import Access
from edgevision.mqtt.failure import Failure, FailureKind, connack_failure, network_failure
from edgevision.mqtt.incoming import Incoming
from edgevision.mqtt.limits import BrokerLimits, fitted, read_limits
from edgevision.mqtt.packets import connect, let_go, new_client, packet_size, publish_properties, said_in
from edgevision.mqtt.versions import Version
from edgevision.mqtt.waker import Waker
from edgevision.ports import Delivery, Message

__all__ = ["WINDOW", "OnDone", "Session"]

WINDOW = 20
"""QoS 1 messages under way, unless the broker bears fewer."""

_UNSENT_MAX = 64
_KEEPALIVE_TIMEOUT = 0x8D
_IDLE_S = 1.0

OnDone = Callable[[Delivery], None]


class Session:
    """A connection. `failure` is None while it is healthy."""

    def __init__(
        self, version: Version, access: Access, client_id: str, will: Message | None, incoming: Incoming
    ) -> None:
        """Prepare; nothing is sent before `open`."""
        self.version = version
        self.limits = BrokerLimits()
        self.failure: Failure | None = None
        self._where = ""
        self._is_accepted = False
        self._said = ""
        self._lock = threading.Lock()
        self._is_closed = False
        self._pending: dict[int, tuple[int, OnDone]] = {}
        self._unsendable: deque[tuple[OnDone, Delivery]] = deque()
        self._acknowledged: deque[tuple[int, ReasonCode]] = deque()
        self._selector = selectors.DefaultSelector()
        self._waker = Waker()
        self._selector.register(self._waker, selectors.EVENT_READ)
        self._incoming = incoming
        self._client = new_client(version, access, client_id, will)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_log = self._on_log
        self._incoming.attach(self._client)

    def open(self, host: str, port: int, *, keepalive_s: int, timeout_s: float) -> Failure | None:
        """Connect and wait for CONNACK; return why that failed, or None."""
        self._where = f"{host}:{port}"
        self._client.connect_timeout = timeout_s
        try:
            connect(self._client, host, port, keepalive_s)
            self._watch()
        except OSError as error:
            self.failure = network_failure(error, self._where)
        except UnicodeError as error:
            self.failure = Failure(
                FailureKind.DNS, f"{self._where}: not a host name ({error}); check mqtt.host"
            )
        if self.failure is None:
            self._await_connack(time.monotonic() + timeout_s)
        return self.failure

    @property
    def unfinished(self) -> int:
        """How many messages are unsent or unacknowledged."""
        with self._lock:
            return len(self._pending)

    def publish(self, message: Message, on_done: OnDone) -> bool:
        """Send; False when closed or the window is full. `on_done` comes from `pump` or `close`."""
        with self._lock:
            message = fitted(message, self.limits)
            if self._is_closed or self._is_full(message.qos):
                return False
            properties = publish_properties(message) if self.version is Version.V5 else None
            excess = self._excess(message, properties)
            if excess:
                self._unsendable.append((on_done, Delivery(ok=False, reason=excess, refused=True)))
            else:
                sent = self._client.publish(
                    message.topic, message.payload, message.qos, message.retain, properties
                )
                if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return False
                self._pending[sent.mid] = (message.qos, on_done)
        self.wake()
        return True

    def pump(self, timeout_s: float = _IDLE_S) -> None:
        """Read, write and keep alive; wait at most `timeout_s` for something to do."""
        self._exchange(timeout_s)
        self._settle()
        if self.failure is None and self._client.socket() is None:
            self._note_loss("closed the connection" + (f" ({self._said})" if self._said else ""))

    def wake(self) -> None:
        """Make a waiting `pump` return; from any thread."""
        self._waker.wake()

    def disconnect(self) -> None:
        """Say good-bye, so that the broker does not publish the last will."""
        self._client.disconnect()
        self._exchange(_IDLE_S)

    def close(self, reason: str) -> None:
        """Drop the connection; everything unacknowledged ends with ok=False. Safe to call twice."""
        with self._lock:
            self._is_closed = True
        self._settle()
        with self._lock:
            lost, self._pending = self._pending, {}
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._selector.close()
        self._waker.close()
        let_go(self._client)
        for _, on_done in lost.values():
            on_done(Delivery(ok=False, reason=reason))

    def _watch(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            self._selector.register(sock, selectors.EVENT_READ)

    def _await_connack(self, deadline: float) -> None:
        while not self._is_accepted and self.failure is None:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                text = "accepted the connection but does not answer; check that this is an MQTT port"
                self.failure = Failure(FailureKind.NO_ANSWER, f"{self._where} {text}")
                return
            self.pump(min(remaining_s, _IDLE_S))

    def _exchange(self, timeout_s: float) -> None:
        sock = self._client.socket()
        if sock is None:
            return
        writing = selectors.EVENT_WRITE if self._client.want_write() else 0
        self._selector.modify(sock, selectors.EVENT_READ | writing)
        # What TLS has already decrypted does not show at the selector.
        unread = sock.pending() if isinstance(sock, ssl.SSLSocket) else 0
        for key, events in self._selector.select(0 if unread else timeout_s):
            if key.fileobj is self._waker:
                self._waker.drain()
            elif events & selectors.EVENT_WRITE:
                self._client.loop_write()
            elif events & selectors.EVENT_READ:
                unread = 1
        if unread:
            self._client.loop_read()
        self._client.loop_misc()

    def _settle(self) -> None:
        self._incoming.settle()
        while self._unsendable:
            on_done, delivery = self._unsendable.popleft()
            on_done(delivery)
        while self._acknowledged:
            packet_id, reason = self._acknowledged.popleft()
            with self._lock:
                _, on_done = self._pending.pop(packet_id, (0, _ignore))
            on_done(Delivery(ok=not reason.is_failure, reason=reason.getName(), refused=reason.is_failure))

    def _is_full(self, qos: int) -> bool:
        under_way = sum(1 for pending_qos, _ in self._pending.values() if bool(pending_qos) == bool(qos))
        under_way += len(self._unsendable)
        return under_way >= (min(WINDOW, self.limits.receive_maximum) if qos else _UNSENT_MAX)

    def _excess(self, message: Message, properties: Properties | None) -> str:
        limit = self.limits.maximum_packet_size
        if limit is None or (size := packet_size(message, properties)) <= limit:
            return ""
        return f"the message needs {size} bytes and the broker takes at most {limit}"

    def _on_connect(
        self,
        _client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        said: Properties | None,
    ) -> None:
        if reason.is_failure:
            self.failure = connack_failure(reason, self._where)
        else:
            self.limits = read_limits(said_in(said))
            self._is_accepted = True
            self._incoming.subscribe(self._client)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _said: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._note_loss(f"ended the connection: {reason.getName()}")
        elif reason.value == _KEEPALIVE_TIMEOUT:
            self._note_loss("is silent for longer than the keepalive; the network may be gone")

    def _on_publish(
        self, _client: Client, _data: object, packet_id: int, reason: ReasonCode, _said: Properties
    ) -> None:
        self._acknowledged.append((packet_id, reason))

    def _on_log(self, _client: Client, _data: object, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            self._said = text

    def _note_loss(self, text: str) -> None:
        if self.failure is not None:
            return
        kind = FailureKind.LOST if self._is_accepted else FailureKind.NO_ANSWER
        if not self._is_accepted and "ssl" in text.lower():
            kind = FailureKind.TLS
            text += "; check that this is a TLS port and whether the broker asks for a client certificate"
        self.failure = Failure(kind, f"{self._where} {text}")


def _ignore(_delivery: Delivery) -> None:
    """Take the place of a callback that is not waiting any more."""
