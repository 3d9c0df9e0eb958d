"""The connection to the broker: subscribes, comes back by itself, and sends commands. An edge.

It speaks MQTT 3.1.1, which every broker of MQTT 5 speaks as well: a dashboard needs nothing of the newer one.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from edgevision.backoff import Backoff
from edgevision.config.station import MqttSettings
from edgevision.errors import ConfigError
from edgevision.mqtt.access import read_access
from edgevision.mqtt.failure import connack_failure, network_failure

__all__ = ["Subscriber"]

_log = logging.getLogger(__name__)

_LOOP_S = 0.5

OnMessage = Callable[[str, bytes, bool], None]
"""Topic, payload, whether the broker had retained it."""


class Subscriber:
    """Keeps subscriptions alive in a thread of its own until `stop`."""

    def __init__(
        self, settings: MqttSettings, filters: Sequence[tuple[str, int]], on_message: OnMessage
    ) -> None:
        """Prepare.

        Args:
            settings: With a `client_id` the broker keeps what is missed while the dashboard is away.
            filters: Topic filters with their QoS.
            on_message: Called in the thread of the connection; must not raise.

        Raises:
            ConfigError: the files of the settings do not serve.
        """
        read_access(settings)
        self._settings = settings
        self._filters = list(filters)
        self._on_message = on_message
        self._port = settings.port or (1883 if settings.tls is None else 8883)
        self._backoff = Backoff(settings.reconnect_min_s, settings.reconnect_max_s)
        self._stopping = threading.Event()
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._run, name="subscriber", daemon=True)
        self.is_connected = False
        """True while the broker has granted the subscriptions."""
        self.problem = "not connected yet"
        """Why there is no connection; empty while there is one."""

    @property
    def where(self) -> str:
        """The broker as people write it."""
        return f"{self._settings.host}:{self._port}"

    def start(self) -> None:
        """Begin connecting."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect; safe to call twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def send(self, topic: str, payload: bytes) -> bool:
        """Send with QoS 1 at once; False when there is no connection."""
        client = self._client
        if client is None or not self.is_connected:
            return False
        return client.publish(topic, payload, qos=1).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                problem = self._serve()
            except Exception as error:  # noqa: BLE001 - whatever it was, the dashboard stays subscribed
                _log.exception("the MQTT client failed; a new one is made")
                problem = f"the MQTT client failed: {error}"
            self.is_connected = False
            if problem != self.problem and not self._stopping.is_set():
                _log.warning("MQTT broker: %s", problem)
            self.problem = problem
            self._stopping.wait(self._backoff.next_s())

    def _serve(self) -> str:
        """Connect and take messages; return why that ended."""
        try:
            client = self._new_client()
            client.connect(self._settings.host, self._port, self._settings.keepalive_s)
        except ConfigError as error:
            return str(error)
        except (OSError, UnicodeError) as error:
            cause = error if isinstance(error, OSError) else OSError(str(error))
            return network_failure(cause, self.where).text
        self._client = client
        try:
            while not self._stopping.is_set():
                if client.loop(_LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return self._refusal or f"{self.where} closed the connection"
            client.disconnect()
        finally:
            self._client = None
            socket = client.socket()
            if socket is not None:
                socket.close()
        return "stopped"

    def _new_client(self) -> Client:
        access = read_access(self._settings)
        name = self._settings.client_id
        self._refusal = ""
        client = Client(
            CallbackAPIVersion.VERSION2,
            name or f"edgevision-dashboard-{uuid.uuid4().hex[:12]}",
            clean_session=name is None,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        # With a callback here paho leaves writing to the thread of the connection.
        client.on_socket_register_write = lambda *_: None
        client.connect_timeout = self._settings.connect_timeout_s
        client.username_pw_set(access.username, access.password)
        if access.tls is not None:
            client.tls_set_context(access.tls)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        return client

    def _connected(self, client: Client, _data: object, _flags: object, reason: Any, _said: object) -> None:
        if reason.is_failure:
            self._refusal = connack_failure(reason, self.where).text
        else:
            client.subscribe(self._filters)

    def _subscribed(self, _client: Client, _data: object, _id: int, codes: Any, _said: object) -> None:
        refused = [name for (name, _), code in zip(self._filters, codes, strict=False) if code.is_failure]
        if refused:
            _log.warning("the broker refuses to send %s; check its access rules", ", ".join(refused))
        _log.info("subscribed at %s", self.where)
        self._backoff.reset()
        self.is_connected = True
        self.problem = ""

    def _arrived(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload), message.retain)
