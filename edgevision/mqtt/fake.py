"""A broker without a network, for tests: it can be away, refuse topics and hold back acknowledgements."""

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from edgevision.ports import Delivery, Message, Received

__all__ = ["FakeBroker"]


class FakeBroker:
    """The `Broker` port in memory. It is away until `connect` is called."""

    def __init__(
        self, receive_maximum: int = 20, protocol: str = "5", clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Announce these properties while connected."""
        self.messages: list[Message] = []
        """Everything that arrived, also what was refused or never acknowledged."""
        self.accepted: list[Message] = []
        """What was acknowledged with success."""
        self.retained: dict[str, bytes] = {}
        self.most_in_flight = 0
        self._receive_maximum = receive_maximum
        self._protocol = protocol
        self._clock = clock
        self._connected_at_s = 0.0
        self._changed = threading.Condition()
        self._is_connected = False
        self._is_holding = False
        self._refusals: dict[str, str] = {}
        self._held: deque[tuple[Message, Callable[[Delivery], None]]] = deque()
        self._hooks: list[Callable[[], None]] = []
        self._handlers: dict[str, Callable[[Received], None]] = {}

    @property
    def is_connected(self) -> bool:
        """True between `connect` and `lose`."""
        return self._is_connected

    @property
    def connected_at_s(self) -> float | None:
        """When `connect` was called, by the clock it was made with."""
        return self._connected_at_s if self._is_connected else None

    @property
    def receive_maximum(self) -> int:
        """How many QoS 1 messages may be unacknowledged."""
        return self._receive_maximum

    @property
    def protocol(self) -> str | None:
        """What it was made with, while connected."""
        return self._protocol if self._is_connected else None

    def on_connected(self, hook: Callable[[], None]) -> None:
        """Have `hook` called by `connect`."""
        self._hooks.append(hook)

    def subscribe(self, topic: str, handler: Callable[[Received], None]) -> None:
        """Have `handler` called by `deliver`."""
        self._handlers[topic] = handler

    def deliver(self, topic: str, payload: bytes, **properties: Any) -> None:
        """Bring a message in, with the further fields of `Received`."""
        self._handlers[topic](Received(topic, payload, time.monotonic_ns(), **properties))

    def start(self) -> None:
        """Do nothing: the connection comes with `connect`."""

    def stop(self, timeout_s: float) -> None:  # noqa: ARG002 - the port's signature
        """Lose the connection."""
        self.lose()

    def publish(self, message: Message, on_done: Callable[[Delivery], None]) -> bool:
        """Take a message; acknowledges at once unless told to hold."""
        with self._changed:
            if not self._is_connected or (message.qos and len(self._held) >= self._receive_maximum):
                return False
            self.messages.append(message)
            if message.qos:
                self._held.append((message, on_done))
                self.most_in_flight = max(self.most_in_flight, len(self._held))
            finish = self._due(1) if message.qos else [self._outcome(message, on_done)]
            self._changed.notify_all()
        for call in finish:
            call()
        return True

    def connect(self) -> None:
        """Come up and call the hooks."""
        self._connected_at_s = self._clock()
        self._is_connected = True
        for hook in self._hooks:
            hook()

    def lose(self) -> None:
        """Break the connection; what is unacknowledged fails."""
        with self._changed:
            self._is_connected = False
            lost = list(self._held)
            self._held.clear()
        for _, on_done in lost:
            on_done(Delivery(ok=False, reason="connection lost"))

    def hold(self) -> None:
        """Stop acknowledging."""
        self._is_holding = True

    def release(self, count: int | None = None) -> None:
        """Acknowledge `count` messages; without it all, and go on acknowledging."""
        with self._changed:
            self._is_holding = count is not None
            finish = self._take(len(self._held) if count is None else count)
        for call in finish:
            call()

    def refuse(self, topic: str, reason: str = "Not authorized") -> None:
        """Answer messages on `topic` with a failure."""
        self._refusals[topic] = reason

    def allow(self, topic: str) -> None:
        """Take messages on `topic` again."""
        self._refusals.pop(topic, None)

    def wait_until(self, condition: Callable[["FakeBroker"], bool], timeout_s: float = 30.0) -> bool:
        """Wait for a message that makes `condition` true; False on time-out."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), timeout_s)

    def _due(self, count: int) -> list[Callable[[], None]]:
        return [] if self._is_holding else self._take(count)

    def _take(self, count: int) -> list[Callable[[], None]]:
        return [self._outcome(*self._held.popleft()) for _ in range(min(count, len(self._held)))]

    def _outcome(self, message: Message, on_done: Callable[[Delivery], None]) -> Callable[[], None]:
        reason = self._refusals.get(message.topic)
        if reason is not None:
            return partial(on_done, Delivery(ok=False, reason=reason, refused=True))
        self.accepted.append(message)
        if message.retain:
            self.retained[message.topic] = message.payload
        return partial(on_done, Delivery(ok=True))
