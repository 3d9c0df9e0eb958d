"""The publisher: everything a station says goes through its one thread to the broker.

Results come from an outbox and stay in it until the broker has acknowledged them; state,
info, alarms and the last result hold until replaced; metrics are sent when there is a
connection and are otherwise of no use. Callers never wait for the network.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from edgevision.health import FOR_EVER_S, Beat, unwatched
from edgevision.messages import (
    OutboxFigures,
    Severity,
    Topics,
    alarm_message,
    alarm_record,
    encode,
    stamp_published,
)
from edgevision.mqtt.inbox import Inbox
from edgevision.mqtt.notices import Notices
from edgevision.mqtt.results import ResultStream
from edgevision.ports import Broker, Message, Outbox

__all__ = ["Publisher"]

_log = logging.getLogger(__name__)

_IDLE_S = 1.0
_METRICS_EXPIRY_S = 60
_JOIN_S = 0.1
"""For the thread to end after its time is up; one that a disk holds is left behind."""
_PREVIEWS_WAITING = 8
"""Of each camera."""
_WAKE, _CONNECTED = "wake", "connected"

MessageDict = Mapping[str, Any]


class Publisher:
    """Feeds a broker. Create it before the broker is started, stop it before the broker is stopped."""

    def __init__(
        self,
        broker: Broker,
        outbox: Outbox,
        topics: Topics,
        *,
        result_expiry_s: int | None = None,
        beat: Beat = unwatched,
    ) -> None:
        """Compose; `result_expiry_s` bounds how long an MQTT 5 broker keeps a result for a subscriber."""
        self._broker = broker
        self._outbox = outbox
        self._topics = topics
        self._beat = beat
        self._inbox = Inbox()
        self._results = ResultStream(broker, outbox, self._inbox.put, expiry_s=result_expiry_s)
        self._notices = Notices(broker, self._inbox.put)
        self._info: MessageDict | None = None
        self._active_alarms: set[str] = set()
        self._drops_over = 0
        self._previews: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._stop_by = 0.0
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        broker.on_connected(partial(self._inbox.put, self._on_connected, _CONNECTED))

    @property
    def figures(self) -> OutboxFigures:
        """What became of the results so far."""
        return self._results.figures

    @property
    def is_connected(self) -> bool:
        """True while the broker is there."""
        return self._broker.is_connected

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End when everything is acknowledged, or after `timeout_s`; says what is left."""
        self._stop_by = time.monotonic() + timeout_s
        self._stopping.set()
        self._inbox.put(_nothing, _WAKE)
        if self._thread.is_alive():
            self._thread.join(timeout_s + _JOIN_S)
        if self._outbox.depth:
            _log.warning("results that the broker has not acknowledged: %d", self._outbox.depth)

    def info(self, message: MessageDict) -> None:
        """Retain the info message; the MQTT version in use is added at each connection."""
        self._inbox.put(partial(self._hold_info, message), self._topics.info)

    def state(self, message: MessageDict) -> None:
        """Retain the state message."""
        self._hold(Message(self._topics.state, encode(message), qos=1, retain=True))

    def alarm(self, message: MessageDict) -> None:
        """Send an alarm; an active one again at each connection until it is over."""
        key = f"{self._topics.alarm} {message['code']} {message.get('camera', '')}"
        sent = Message(self._topics.alarm, encode(message), qos=1)
        self._inbox.put(partial(self._notices.hold, key, sent, is_passing=not message["active"]), key)

    def metrics(self, camera: str, message: MessageDict) -> None:
        """Send metrics, if there is a connection."""
        topic = self._topics.metrics(camera)
        sent = Message(topic, encode(message), expiry_s=_METRICS_EXPIRY_S)
        self._inbox.put(partial(self._broker.publish, sent, _nothing), topic)

    def counters(self, camera: str, message: MessageDict) -> None:
        """Retain the books of a triggered camera."""
        self._hold(Message(self._topics.counters(camera), encode(message), qos=1, retain=True))

    def commands(self, message: MessageDict) -> None:
        """Retain the counts of the commands."""
        self._hold(Message(self._topics.commands, encode(message), qos=1, retain=True))

    def retain(self, topic: str, payload: bytes) -> None:
        """Retain a payload on a topic that is not the station's own; empty deletes what is retained there."""
        self._hold(Message(topic, payload, qos=1, retain=True))

    def preview(self, camera: str, jpeg: bytes) -> None:
        """Send a small picture, if there is a connection; of each camera only so many wait for the thread."""
        topic = self._topics.preview(camera)
        self._previews[topic] = (self._previews[topic] + 1) % _PREVIEWS_WAITING
        key = f"{topic} {self._previews[topic]}"
        self._inbox.put(partial(self._broker.publish, Message(topic, jpeg), _nothing), key)

    def committed(self, last: Mapping[str, bytes]) -> None:
        """Look into the outbox; `last` is camera → its newest encoded result, to be retained."""
        for camera, payload in last.items():
            topic = self._topics.last(camera)
            self._inbox.put(partial(self._take_last, topic, payload), topic)

    def _hold(self, message: Message) -> None:
        self._inbox.put(partial(self._notices.hold, message.topic, message), message.topic)

    def _hold_info(self, message: MessageDict) -> None:
        self._info = message
        protocol = self._broker.protocol
        spoken = {**message, "mqtt_protocol": protocol} if protocol else message
        self._notices.hold(self._topics.info, Message(self._topics.info, encode(spoken), qos=1, retain=True))

    def _take_last(self, topic: str, payload: bytes) -> None:
        stamped = stamp_published(payload, time.time_ns())
        self._notices.hold(topic, Message(topic, stamped, qos=0, retain=True))
        self._results.look()

    def _on_connected(self) -> None:
        self._results.look()
        if self._info is not None:
            self._hold_info(self._info)
        self._notices.renew()

    def _run(self) -> None:
        while not self._is_over():
            self._beat()
            try:
                self._take()
                self._watch()
                self._notices.send()
                self._results.send()
            except Exception:  # noqa: BLE001 - a fault must not silence the station
                _log.exception("the publisher failed; it goes on")
                self._stopping.wait(_IDLE_S)
        self._beat(FOR_EVER_S)

    def _take(self) -> None:
        due_in_s = self._results.due_in_s
        wait_s = _IDLE_S if due_in_s is None else min(_IDLE_S, due_in_s)
        if self._stopping.is_set():
            wait_s = max(0.0, min(wait_s, self._stop_by - time.monotonic()))
        work = self._inbox.take(wait_s)
        while work is not None:
            work()
            work = self._inbox.take(0.0)

    def _is_over(self) -> bool:
        if not self._stopping.is_set():
            return False
        is_done = self._outbox.depth == 0 and self._notices.is_all_sent and self._inbox.is_empty
        return is_done or time.monotonic() > self._stop_by

    def _watch(self) -> None:
        dropped, refusal = sum(self._outbox.dropped.values()), self._results.refusal
        if self._outbox.depth == 0:
            self._drops_over = dropped
        self._alarm_while(
            "results_dropped",
            is_active=dropped > self._drops_over,
            text="There is no more room and results are lost: OK first, the oldest first. "
            "Check the broker, the network and the disk.",
        )
        self._alarm_while(
            "results_refused",
            is_active=bool(refusal),
            text=f"The broker refuses results: {refusal}. Check its rights and limits for this station.",
        )

    def _alarm_while(self, code: str, *, is_active: bool, text: str) -> None:
        if is_active == (code in self._active_alarms):
            return
        self._active_alarms ^= {code}
        level = logging.ERROR if is_active else logging.INFO
        record = alarm_record(code, active=is_active)
        _log.log(level, "%s", text if is_active else f"{code}: over", extra=record)
        self.alarm(
            alarm_message(
                code,
                text if is_active else "Over.",
                station=self._topics.station,
                severity=Severity.ERROR,
                active=is_active,
                now_ns=time.time_ns(),
            )
        )


def _nothing(*_: object) -> None:
    """Wake the thread, or ignore how a message ended."""
