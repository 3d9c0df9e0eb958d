"""A broker that does what a script says: a socket that answers every packet by it."""

import socket
import threading
import time
from collections.abc import Callable

__all__ = ["CLOSE", "CONNECT", "PUBLISH", "Answer", "ScriptedBroker", "connack", "puback", "version_of"]

CONNECT, PUBLISH = 0x10, 0x30
CLOSE = b""
Answer = Callable[[int, bytes], bytes | None]
"""Type of a packet and its content → what to send back; empty closes, None says nothing."""


class ScriptedBroker:
    """Answers every packet by its script and remembers what came."""

    def __init__(self, answer: Answer) -> None:
        self.packets: list[tuple[int, bytes]] = []
        self.connects_at_s: list[float] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def count(self, packet_type: int) -> int:
        return sum(kind == packet_type for kind, _ in list(self.packets))

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := stream.read(1):
                length = shift = 0
                while True:
                    byte = stream.read(1)[0]
                    length |= (byte & 127) << shift
                    shift += 7
                    if byte < 128:
                        break
                packet = (head[0] & 0xF0, stream.read(length))
                if packet[0] == CONNECT:
                    self.connects_at_s.append(time.monotonic())
                self.packets.append(packet)
                reply = self._answer(*packet)
                if reply == CLOSE:
                    return
                if reply is not None:
                    connection.sendall(reply)


def version_of(connect: bytes) -> int:
    return connect[6]


def connack(connect: bytes, properties: bytes = b"", reason: int = 0) -> bytes:
    """Return a CONNACK in the version of the CONNECT."""
    if version_of(connect) == 4:
        return bytes([0x20, 2, 0, reason])
    return bytes([0x20, 3 + len(properties), 0, reason, len(properties)]) + properties


def puback(publish: bytes) -> bytes:
    topic_length = int.from_bytes(publish[:2], "big")
    return bytes([0x40, 2]) + publish[2 + topic_length : 4 + topic_length]
