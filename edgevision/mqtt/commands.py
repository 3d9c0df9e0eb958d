"""Commands over MQTT: hears the command topics, and sends the answers.

The broker's thread only puts messages into a bounded queue; one thread takes them out. Messages that
the broker had retained are ignored: they are of another time. Answers that do not fit into the
broker's window wait in a bounded queue; when the connection is lost the sender asks again, with the
same id.
"""

import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from edgevision.messages import Topics, Verb, encode
from edgevision.ports import Broker, Delivery, Message, Received

__all__ = ["CommandChannel"]

_log = logging.getLogger(__name__)

_QUEUE = 256
_ANSWER_EXPIRY_S = 60
_AGAIN_S = 0.02
_IDLE_S = 1.0
_BAD_TOPIC = re.compile(r"[+#\x00]|^\$|^$")

Answer = Mapping[str, Any]
Heard = Callable[[Verb, Received, Callable[[Answer], None]], None]
"""Takes the verb, the message, and where to reply; replying is safe in any thread."""


class CommandChannel:
    """Between a broker and whoever carries commands out. Create it before the broker is started."""

    def __init__(
        self, broker: Broker, topics: Topics, heard: Heard, not_heard: Callable[[str], None]
    ) -> None:
        """Subscribe; `not_heard` is told what is `ignored` (retained) or `dropped` (too many)."""
        self._broker = broker
        self._topics = topics
        self._heard = heard
        self._not_heard = not_heard
        self._incoming: queue.Queue[tuple[Verb, Received]] = queue.Queue(_QUEUE)
        self._outgoing: queue.Queue[Message] = queue.Queue(_QUEUE)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._listen, name="commands", daemon=True),
            threading.Thread(target=self._speak, name="answers", daemon=True),
        ]
        for verb in Verb:
            broker.subscribe(topics.command(verb.value), partial(self._receive, verb))

    def start(self) -> None:
        """Begin to carry out and to answer."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Hear nothing more; what has come is still answered, while the broker takes it."""
        self._stopping.set()

    def publish(self, message: Message) -> None:
        """Send a message as answers are sent: once, when the broker has room; drop it when too many wait."""
        try:
            self._outgoing.put_nowait(message)
        except queue.Full:
            self._not_heard("dropped")

    def _receive(self, verb: Verb, received: Received) -> None:
        if self._stopping.is_set():
            return
        if received.is_retained:
            self._not_heard("ignored")
            return
        try:
            self._incoming.put_nowait((verb, received))
        except queue.Full:
            self._not_heard("dropped")

    def _listen(self) -> None:
        while not self._stopping.is_set() or not self._incoming.empty():
            try:
                verb, received = self._incoming.get(timeout=_IDLE_S)
            except queue.Empty:
                continue
            try:
                self._heard(verb, received, partial(self._reply, verb, received))
            except Exception:  # noqa: BLE001 - one bad message must not end the thread
                _log.exception("the command %s could not be handled", verb.value)

    def _reply(self, verb: Verb, received: Received, answer: Answer) -> None:
        asked = received.response_topic
        is_usable = asked is not None and not _BAD_TOPIC.search(asked)
        self.publish(
            Message(
                asked if asked is not None and is_usable else self._topics.answer(verb.value),
                encode(answer),
                qos=1,
                expiry_s=_ANSWER_EXPIRY_S,
                correlation_data=received.correlation_data,
            )
        )

    def _speak(self) -> None:
        while not self._stopping.is_set() or not self._outgoing.empty():
            try:
                message = self._outgoing.get(timeout=_IDLE_S)
            except queue.Empty:
                continue
            while self._broker.is_connected and not self._broker.publish(message, partial(_note, message)):
                time.sleep(_AGAIN_S)


def _note(message: Message, delivery: Delivery) -> None:
    if delivery.refused:
        _log.warning("the broker does not take %s: %s", message.topic, delivery.reason)
