"""The connection to the broker that looks after itself: connects, falls back to 3.1.1, reconnects.

One thread owns the network. Nothing is queued here: what cannot be sent now is left to the
publisher, and what was sent but not acknowledged is handed back to it.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from functools import partial

from edgevision.backoff import Backoff
from edgevision.config.station import MqttSettings
from edgevision.errors import ConfigError
from edgevision.messages import Status, Topics
from edgevision.mqtt.access import Access, read_access
from edgevision.mqtt.failure import Failure, FailureKind
from edgevision.mqtt.guard import guarded
from edgevision.mqtt.incoming import Incoming
from edgevision.mqtt.limits import BrokerLimits
from edgevision.mqtt.session import WINDOW, OnDone, Session
from edgevision.mqtt.versions import Version, Versions
from edgevision.ports import Delivery, Message, Received

__all__ = ["PahoBroker"]

_log = logging.getLogger(__name__)

_STABLE_AFTER_S = 10.0
_FAREWELL_STEP_S = 0.05
_JOIN_S = 0.25
"""For the thread to end after its time is up; one that waits for a network is left behind."""


class PahoBroker:
    """The `Broker` port on paho-mqtt.

    The station's status is kept up to date at the broker: `online` at every connection,
    `stopped` after `stop`, `offline` by last will. It counts as connected when the broker
    has acknowledged `online`.
    """

    def __init__(self, settings: MqttSettings, topics: Topics, rng: random.Random | None = None) -> None:
        """Check the settings and read the files they name; raises ConfigError."""
        read_access(settings)
        self._settings = settings
        self._status_topic = topics.status
        self._client_id = settings.client_id or f"edgevision-{topics.station}"
        self._port = settings.port or (1883 if settings.tls is None else 8883)
        self._versions = Versions(settings.protocol)
        self._backoff = Backoff(settings.reconnect_min_s, settings.reconnect_max_s, rng)
        self._will_qos = 1
        self._will_retain = True
        self._hooks: list[Callable[[], None]] = []
        self._incoming = Incoming()
        self._session: Session | None = None
        self.connected_at_s: float | None = None
        """When the present connection began, on the monotonic clock; None without one."""
        self._last_failure: Failure | None = None
        self._stopping = threading.Event()
        self._stop_by = 0.0
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def is_connected(self) -> bool:
        """True from the acknowledged `online` to the loss of the connection."""
        return self.connected_at_s is not None

    @property
    def receive_maximum(self) -> int:
        """How many QoS 1 messages may be unacknowledged."""
        return min(self.limits.receive_maximum, WINDOW)

    @property
    def limits(self) -> BrokerLimits:
        """What the broker said in CONNACK; the defaults of MQTT without a connection."""
        session = self._session
        return session.limits if session is not None else BrokerLimits()

    @property
    def protocol(self) -> str | None:
        """`5` or `3.1.1` while connected."""
        session = self._session
        return session.version.value if session is not None and self.is_connected else None

    @property
    def last_failure(self) -> Failure | None:
        """Why the last attempt failed or the last connection was lost; None while connected."""
        return self._last_failure

    @property
    def last_error(self) -> str:
        """The text of `last_failure`; empty while connected."""
        return self._last_failure.text if self._last_failure is not None else ""

    def on_connected(self, hook: Callable[[], None]) -> None:
        """Have `hook` called from the network thread at every connection; call before `start`."""
        self._hooks.append(hook)

    def subscribe(self, topic: str, handler: Callable[[Received], None]) -> None:
        """Have `handler` called, from the network thread, with what comes in; call before `start`."""
        self._incoming.add(topic, partial(guarded, handler))

    def start(self) -> None:
        """Begin connecting in the background."""
        self._thread.start()

    def publish(self, message: Message, on_done: OnDone) -> bool:
        """Send now; False when not connected or too much is under way. See `ports.Broker`."""
        session = self._session
        if session is None or not self.is_connected:
            return False
        return session.publish(message, partial(guarded, on_done))

    def stop(self, timeout_s: float) -> None:
        """Publish `stopped`, wait for acknowledgements, disconnect. Safe to call twice."""
        self._stop_by = time.monotonic() + timeout_s
        self._stopping.set()
        session = self._session
        if session is not None:
            session.wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s + _JOIN_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                failure = self._connect_and_serve()
            except Exception as error:  # noqa: BLE001 - whatever it was, the station stays connected
                _log.exception("the MQTT client failed; a new one is made")
                failure = Failure(FailureKind.FAULT, f"the MQTT client failed: {error}")
            if failure is not None:
                self._report(failure)
                self._stopping.wait(self._backoff.next_s())

    def _connect_and_serve(self) -> Failure | None:
        failure = None
        for version in self._versions.candidates():
            session, failure = self._open(version)
            if session is not None:
                self._versions.accepted(version)
                return self._serve(session)
            if failure is None or not self._versions.failed(version, failure):
                break
            _log.debug("MQTT %s: %s", version.value, failure.text)
        return failure

    def _open(self, version: Version) -> tuple[Session | None, Failure | None]:
        try:
            access = read_access(self._settings)
        except ConfigError as error:
            return None, Failure(FailureKind.SETTINGS, str(error))
        failure = None if self._versions.is_sure(version) else self._probe(version, access)
        if failure is not None:
            return None, failure
        session = Session(version, access, self._client_id, self._status(Status.OFFLINE), self._incoming)
        failure = self._open_session(session)
        if failure is None:
            return session, None
        session.close(failure.text)
        self._will_retain &= failure.kind is not FailureKind.WILL_RETAIN
        self._will_qos = 0 if failure.kind is FailureKind.WILL_QOS else self._will_qos
        return None, failure

    def _probe(self, version: Version, access: Access) -> Failure | None:
        """Ask whether the broker speaks `version`, with a CONNECT that an older broker can read.

        Brokers of 3.1.1 take the properties of MQTT 5 for something else, and some then wait for
        more bytes for ever instead of refusing the version.
        """
        session = Session(version, access, self._client_id, None, Incoming())
        if (failure := self._open_session(session)) is None:
            session.disconnect()
        session.close("this was a probe")
        return failure

    def _open_session(self, session: Session) -> Failure | None:
        return session.open(
            self._settings.host,
            self._port,
            keepalive_s=self._settings.keepalive_s,
            timeout_s=self._settings.connect_timeout_s,
        )

    def _serve(self, session: Session) -> Failure | None:
        since = time.monotonic()
        self._session = session
        try:
            session.publish(self._status(Status.ONLINE), partial(self._announced, session))
            while session.failure is None and not self._stopping.is_set():
                session.pump()
            if session.failure is None:
                self._say_farewell(session)
            return session.failure
        finally:
            self.connected_at_s = None
            self._session = None
            session.close(session.failure.text if session.failure else "the connection was closed")
            if time.monotonic() - since > _STABLE_AFTER_S:
                self._backoff.reset()

    def _announced(self, session: Session, delivery: Delivery) -> None:
        if session.failure is not None or (not delivery.ok and not delivery.refused):
            return
        if delivery.refused:
            _log.warning("the broker does not take %s: %s", self._status_topic, delivery.reason)
        self.connected_at_s = time.monotonic()
        self._last_failure = None
        _log.info(
            "connected to %s:%d with MQTT %s%s, at most %d results under way",
            self._settings.host,
            self._port,
            session.version.value,
            "" if self._settings.tls is None else " over TLS",
            self.receive_maximum,
        )
        if session.limits.maximum_qos == 0:
            _log.warning("the broker takes QoS 0 only: results can be lost on the way")
        for hook in self._hooks:
            guarded(hook)

    def _say_farewell(self, session: Session) -> None:
        self.connected_at_s = None
        is_said = False
        while session.failure is None and time.monotonic() < self._stop_by:
            is_said = is_said or session.publish(self._status(Status.STOPPED), lambda _delivery: None)
            if is_said and not session.unfinished:
                break
            session.pump(_FAREWELL_STEP_S)
        session.disconnect()

    def _report(self, failure: Failure) -> None:
        is_news = self._last_failure is None or self._last_failure.text != failure.text
        self._last_failure = failure
        _log.log(logging.WARNING if is_news else logging.DEBUG, "MQTT broker: %s", failure.text)

    def _status(self, status: Status) -> Message:
        qos = self._will_qos if status is Status.OFFLINE else 1
        return Message(self._status_topic, status.value.encode(), qos, self._will_retain)
