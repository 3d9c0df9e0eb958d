"""The seams on the way out: sinks, the outbox, the broker. Nothing here is implemented."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from edgevision.types import Inspected, Judgement

__all__ = [
    "Broker",
    "Delivery",
    "InspectionSink",
    "Message",
    "NewResult",
    "Outbox",
    "OutboxRow",
    "Received",
]


class InspectionSink(Protocol):
    """Takes finished inspections, in the order of each camera."""

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Take over responsibility; when this returns, nothing is lost by the caller's end.

        Called by one thread at a time for each camera. Must not block on a network.
        """


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message to send."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    expiry_s: int | None = None
    """MQTT 5 only; ignored on 3.1.1, as the next one is."""
    correlation_data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One MQTT message that came in. What only MQTT 5 knows is empty on 3.1.1."""

    topic: str
    payload: bytes
    received_ns: int
    """Monotonic."""
    is_retained: bool = False
    """The broker has kept it from an earlier time."""
    response_topic: str | None = None
    correlation_data: bytes | None = None
    user_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one message ended: `ok` only on a successful PUBACK (or when sent, for QoS 0)."""

    ok: bool
    reason: str = ""
    refused: bool = False
    """The broker answered and said no: the same message at once would be refused again."""


class Broker(Protocol):
    """A connection to an MQTT broker that looks after itself."""

    @property
    def is_connected(self) -> bool:
        """True between a successful CONNACK and the loss of the connection."""

    @property
    def connected_at_s(self) -> float | None:
        """When the present connection began, on the monotonic clock; None without one."""

    @property
    def receive_maximum(self) -> int:
        """How many QoS 1 messages may be unacknowledged, from CONNACK; 65535 when not said."""

    @property
    def protocol(self) -> str | None:
        """`5` or `3.1.1`, as spoken on the present connection; None without one."""

    def on_connected(self, hook: Callable[[], None]) -> None:
        """Have `hook` called from the network thread at every connection; call before `start`."""

    def subscribe(self, topic: str, handler: Callable[[Received], None]) -> None:
        """Have `handler` called with what comes in on a topic, QoS 1, at this and every later connection.

        Call before `start`. The handler runs in the network thread: it must not block.
        """

    def start(self) -> None:
        """Begin connecting in the background; never raises because the broker is away."""

    def publish(self, message: Message, on_done: Callable[[Delivery], None]) -> bool:
        """Send now; False, and no call of `on_done`, when not connected or too much is under way.

        Nothing is queued: after False, offer the message again after the next `on_done` or
        connection. `on_done` is called once, from the network thread, and with ok=False for everything
        unacknowledged when the connection is lost.
        """

    def stop(self, timeout_s: float) -> None:
        """Publish the planned-stop status, wait for acknowledgements, disconnect."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One result that the broker has not acknowledged yet."""

    row_id: int
    """Grows with the order of appending."""
    topic: str
    payload: bytes
    """The encoded result message, without its time of publishing."""
    judgement: Judgement
    age_ns: int
    """How long it has waited; at least as long as this process runs, for a result of an earlier one."""
    boot_id: str | None = None
    """The start of the program that made it."""
    sequence: int | None = None
    """Its number, without a gap; None while the outbox does not know it."""
    is_saved: bool = True
    """False when it should be on a disk and is not."""


@dataclass(frozen=True, slots=True)
class NewResult:
    """One result on its way into the outbox."""

    topic: str
    payload: bytes
    """The encoded result message, without its time of publishing."""
    judgement: Judgement
    committed_ns: int
    """UTC."""


class Outbox(Protocol):
    """Results on their way to the broker. Safe in many threads; never waits for a disk."""

    def append(self, results: Sequence[NewResult], on_safe: Callable[[], None]) -> None:
        """Take results; `on_safe` is called once, by any thread, when they are as safe as can be.

        Only from then on they are among the pending ones.
        """

    @property
    def depth(self) -> int:
        """How many results the broker has not acknowledged."""

    @property
    def dropped(self) -> Mapping[Judgement, int]:
        """How many results were lost since the start because there was no room."""

    def pending(self, limit: int, without: AbstractSet[int] = frozenset()) -> Sequence[OutboxRow]:
        """Return the oldest waiting rows `without` those of the given ids, in the order of appending."""

    def delivered(self, row_id: int) -> None:
        """Forget a row that the broker has acknowledged; unknown ids are ignored."""
