"""Messages that hold until replaced: retained topics and alarms. The newest of each is sent.

Everything that holds is sent again at each connection, since a broker may forget what it
retained. Only for the publisher's thread.
"""

import logging
from collections.abc import Callable
from functools import partial

from edgevision.ports import Broker, Delivery, Message

__all__ = ["Notices"]

_log = logging.getLogger(__name__)

Later = Callable[[Callable[[], None]], None]


class Notices:
    """The newest message per key, and which of them the broker has yet to get."""

    def __init__(self, broker: Broker, later: Later) -> None:
        """Compose; `later` runs a function in the publisher's thread."""
        self._broker = broker
        self._later = later
        self._held: dict[str, Message] = {}
        self._passing: set[str] = set()
        self._unsent: dict[str, None] = {}

    @property
    def is_all_sent(self) -> bool:
        """True when the broker has been given everything."""
        return not self._unsent

    def hold(self, key: str, message: Message, *, is_passing: bool = False) -> None:
        """Replace the message of `key`; one that is passing is forgotten once it is delivered."""
        self._held[key] = message
        self._unsent[key] = None
        if is_passing:
            self._passing.add(key)
        else:
            self._passing.discard(key)

    def renew(self) -> None:
        """Send everything again: the connection is a new one."""
        self._unsent = dict.fromkeys(self._held)

    def send(self) -> None:
        """Send what the broker has yet to get, as far as it takes it."""
        for key in list(self._unsent):
            message = self._held[key]
            if not self._broker.publish(message, partial(self._on_done, key, message)):
                return
            self._unsent.pop(key, None)

    def _on_done(self, key: str, message: Message, delivery: Delivery) -> None:
        self._later(partial(self._settle, key, message, delivery))

    def _settle(self, key: str, message: Message, delivery: Delivery) -> None:
        if self._held.get(key) is not message:
            return
        if delivery.refused:
            _log.warning("the broker does not take %s: %s", message.topic, delivery.reason)
        elif not delivery.ok:
            self._unsent[key] = None
        elif key in self._passing:
            self._passing.discard(key)
            del self._held[key]
