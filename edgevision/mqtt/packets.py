"""paho's clients and MQTT 5 properties, made and read. The only module that touches its untyped parts."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgevision.mqtt.access import Access
from edgevision.mqtt.versions import Version
from edgevision.ports import Message

__all__ = [
    "WILL_DELAY_S",
    "RequestProperties",
    "connect",
    "let_go",
    "new_client",
    "packet_size",
    "publish_properties",
    "request_properties",
    "said_in",
]

WILL_DELAY_S = 3
"""MQTT 5: a station that is back within this time was never offline."""

_INCOMING_MAX_BYTES = 65_536
"""MQTT 5: the broker keeps larger messages to itself."""
_JPEG = b"\xff\xd8\xff"
_FAILURES = range(0x80, 0x100)


def _with_every_refusal(names: Mapping[int, Mapping[str, list[int]]]) -> dict[int, dict[str, list[int]]]:
    """Return paho's table of reason codes with every failure as one that PUBACK may have.

    At one that it lacks paho fails, the connection is given up and the refused result sent again at the next.
    Mosquitto answers 0x95 to a result that is too large, which MQTT 5 does not list for PUBACK.
    """
    known = {code: dict(entry) for code, entry in names.items()}
    for code in _FAILURES:
        entry = known.setdefault(code, {f"Reason code 0x{code:02X}": []})
        if not any(PacketTypes.PUBACK in packets for packets in entry.values()):
            name, packets = next(iter(entry.items()))
            entry[name] = [*packets, PacketTypes.PUBACK]
    return known


ReasonCode.names = _with_every_refusal(ReasonCode.names)


def new_client(version: Version, access: Access, client_id: str, will: Message | None) -> Client:
    """Return a client that neither reconnects nor writes by itself."""
    is_v5 = version is Version.V5
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        protocol=MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.suppress_exceptions = True
    # With a callback here paho leaves writing to the network thread.
    client.on_socket_register_write = lambda *_: None
    client.username_pw_set(access.username, access.password)
    if access.tls is not None:
        client.tls_set_context(access.tls)
    if will is not None:
        delay = _properties(PacketTypes.WILLMESSAGE, WillDelayInterval=WILL_DELAY_S) if is_v5 else None
        client.will_set(will.topic, will.payload, will.qos, will.retain, delay)
    return client


def let_go(client: Client) -> None:
    """Forget the callbacks: who gave them and the client would keep each other in memory."""
    client.on_connect = client.on_disconnect = client.on_publish = client.on_log = None
    client.on_message = client.on_subscribe = None


def connect(client: Client, host: str, port: int, keepalive_s: int) -> None:
    """Open the socket and send CONNECT; raises OSError and UnicodeError.

    A client without a last will sends the barest CONNECT of its version. Packets go out at once: else a
    result waits until the bytes before it are acknowledged, which many brokers put off for 40 ms.
    """
    _connect(client, host, port, keepalive_s)
    sock: Any = client.socket()
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _connect(client: Client, host: str, port: int, keepalive_s: int) -> None:
    if client.protocol != MQTTProtocolVersion.MQTTv5 or not client.will_topic:
        client.connect(host, port, keepalive_s)
        return
    # A session that outlives the connection is what delays the last will; a clean start would
    # end that session and publish the will although the station is back.
    properties = _properties(
        PacketTypes.CONNECT, SessionExpiryInterval=WILL_DELAY_S, MaximumPacketSize=_INCOMING_MAX_BYTES
    )
    client.connect(host, port, keepalive_s, clean_start=False, properties=properties)


def publish_properties(message: Message) -> Properties:
    """Return the MQTT 5 properties of a message: JPEG or UTF-8, JSON where it is, expiry where it has one."""
    is_jpeg = message.payload.startswith(_JPEG)
    kind = "image/jpeg" if is_jpeg else "application/json" if message.payload.startswith(b"{") else None
    make = _publish_properties if message.correlation_data is None else _publish_properties.__wrapped__
    properties = make(kind, message.expiry_s)
    if message.correlation_data is not None:
        properties.CorrelationData = message.correlation_data
    return properties


@lru_cache(maxsize=16)
def _publish_properties(content_type: str | None, expiry_s: int | None) -> Properties:
    """Most messages have the same, and paho makes tables of all properties for each."""
    properties = _properties(PacketTypes.PUBLISH, PayloadFormatIndicator=int(content_type != "image/jpeg"))
    if content_type is not None:
        properties.ContentType = content_type
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    return properties


@dataclass(frozen=True, slots=True)
class RequestProperties:
    """How the sender of a message wants to be answered, and who it is; empty on 3.1.1."""

    response_topic: str | None = None
    correlation_data: bytes | None = None
    user: Mapping[str, str] = field(default_factory=dict)


def request_properties(message: MQTTMessage) -> RequestProperties:
    """Return what a message that came in asks for."""
    found = message.properties
    return RequestProperties(
        getattr(found, "ResponseTopic", None),
        getattr(found, "CorrelationData", None),
        dict(getattr(found, "UserProperty", ())),
    )


def packet_size(message: Message, properties: Properties | None) -> int:
    """Return the length in bytes of the PUBLISH packet."""
    packed = len(properties.pack()) if properties is not None else 0  # type: ignore[no-untyped-call]
    packet_id = 2 if message.qos else 0
    remaining = 2 + len(message.topic.encode()) + packet_id + packed + len(message.payload)
    length_field = -(-remaining.bit_length() // 7)
    return 1 + length_field + remaining


def said_in(properties: Properties | None) -> dict[str, Any]:
    """Return name → value of the properties of a packet; empty on 3.1.1."""
    return dict(properties.json()) if properties is not None else {}  # type: ignore[no-untyped-call]


def _properties(packet: int, **values: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties
