"""What the broker said in CONNACK that it bears, and fitting a message to it. Pure.

paho obeys Server Keep Alive only; the rest has to be obeyed by its user.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgevision.ports import Message

__all__ = ["BrokerLimits", "fitted", "read_limits"]


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """Limits of one connection; the defaults are those of MQTT for what is not said."""

    receive_maximum: int = 65535
    """QoS 1 messages that may be unacknowledged."""
    maximum_packet_size: int | None = None
    """Bytes of one packet."""
    maximum_qos: int = 2
    retain_available: bool = True
    server_keepalive_s: int | None = None
    """Replaces the keepalive that was asked for."""


def read_limits(connack: Mapping[str, int]) -> BrokerLimits:
    """Return the limits among the properties of a CONNACK; 3.1.1 has none."""
    return BrokerLimits(
        receive_maximum=connack.get("ReceiveMaximum", 65535),
        maximum_packet_size=connack.get("MaximumPacketSize"),
        maximum_qos=connack.get("MaximumQoS", 2),
        retain_available=bool(connack.get("RetainAvailable", 1)),
        server_keepalive_s=connack.get("ServerKeepAlive"),
    )


def fitted(message: Message, limits: BrokerLimits) -> Message:
    """Return the message with no higher QoS and no retain flag than the broker takes."""
    return replace(
        message,
        qos=min(message.qos, limits.maximum_qos),
        retain=message.retain and limits.retain_available,
    )
