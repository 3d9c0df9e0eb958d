"""A broker that acknowledges late, with errors, or not at all, and counts what is under way."""

import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

__all__ = ["AckingBroker"]

_CONNECT, _PUBLISH, _PINGREQ = 0x10, 0x30, 0xC0


class AckingBroker:
    """Speaks just enough MQTT 5 for one station."""

    def __init__(self, receive_maximum: int, *, keepalive_s: int = 60, ack_after_s: float = 0.0) -> None:
        self.results: list[dict[str, Any]] = []
        """The result messages that arrived, in order, acknowledged or not."""
        self.accepted: list[dict[str, Any]] = []
        """Those that were acknowledged with success."""
        self.connections = 0
        self.most_in_flight = 0
        """The most QoS 1 messages that were unacknowledged at once, on any connection."""
        self.reason: Callable[[int], int] = lambda _: 0
        """The so-manieth result → reason code of its PUBACK."""
        self.is_black_hole = False
        """Swallow everything and say nothing, as a network that is gone."""
        self.ack_after_s = ack_after_s
        limits = [0x21, *receive_maximum.to_bytes(2, "big"), 0x13, *keepalive_s.to_bytes(2, "big")]
        self.connack = bytes([0x20, 3 + len(limits), 0, 0, len(limits), *limits])
        self.changed = threading.Condition()
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection without a word."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout_s), f"not within {timeout_s} s: {what}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                _Connection(self, connection)


class _Connection:
    """Reads in one thread and acknowledges in another, so that everything sent is seen at once."""

    def __init__(self, broker: AckingBroker, connection: socket.socket) -> None:
        self._broker = broker
        self._socket = connection
        self._unacknowledged: deque[tuple[int, dict[str, Any] | None, int]] = deque()
        self._sending = threading.Lock()
        self._is_over = threading.Event()
        self._has_more = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._acknowledge, daemon=True).start()

    def _read(self) -> None:
        with suppress(OSError, IndexError), self._socket, self._socket.makefile("rb") as stream:
            while head := stream.read(1):
                content = stream.read(_length(stream))
                if not self._broker.is_black_hole:
                    self._take(head[0], content)
        self._is_over.set()
        self._has_more.set()

    def _take(self, head: int, content: bytes) -> None:
        broker = self._broker
        if head & 0xF0 == _CONNECT:
            is_v5_with_will = bool(content[7] & 4)
            broker.connections += is_v5_with_will
            self._send(broker.connack)
        elif head & 0xF0 == _PINGREQ:
            self._send(bytes([0xD0, 0]))
        elif head & 0xF6 == _PUBLISH | 2:
            packet_id, message = _result_in(content)
            with broker.changed:
                if message is not None:
                    broker.results.append(message)
                number = len(broker.results)
                self._unacknowledged.append((packet_id, message, number))
                broker.most_in_flight = max(broker.most_in_flight, len(self._unacknowledged))
                broker.changed.notify_all()
            self._has_more.set()

    def _acknowledge(self) -> None:
        with suppress(OSError):
            while not self._is_over.is_set():
                self._has_more.wait()
                self._has_more.clear()
                while self._unacknowledged and not self._is_over.wait(self._broker.ack_after_s):
                    if self._broker.is_black_hole:
                        break
                    self._acknowledge_oldest()

    def _acknowledge_oldest(self) -> None:
        broker = self._broker
        packet_id, message, number = self._unacknowledged[0]
        reason = 0 if message is None else broker.reason(number)
        with broker.changed:
            self._unacknowledged.popleft()
            if message is not None and reason < 0x80:
                broker.accepted.append(message)
            broker.changed.notify_all()
        self._send(bytes([0x40, 3, *packet_id.to_bytes(2, "big"), reason]))

    def _send(self, packet: bytes) -> None:
        with self._sending:
            self._socket.sendall(packet)


def _length(stream: BinaryIO) -> int:
    length = shift = 0
    while True:
        byte = stream.read(1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return length


def _result_in(publish: bytes) -> tuple[int, dict[str, Any] | None]:
    """Return the packet id and, for a result, the message."""
    topic_end = 2 + int.from_bytes(publish[:2], "big")
    packet_id = int.from_bytes(publish[topic_end : topic_end + 2], "big")
    if not publish[:topic_end].endswith(b"/result"):
        return packet_id, None
    properties_at = topic_end + 2
    payload_at = properties_at + 1 + publish[properties_at]
    return packet_id, json.loads(publish[payload_at:])
