"""A real Mosquitto on a free loopback port, for the tests that need a broker."""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

__all__ = ["Mosquitto", "Subscriber", "free_port", "needs_mosquitto", "running_mosquitto"]

_BINARY = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
_START_TIMEOUT_S = 30.0

needs_mosquitto = pytest.mark.skipif(
    _BINARY is None, reason="Mosquitto is not installed (Debian, Ubuntu: apt-get install mosquitto)"
)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto:
    """A broker process that can be stopped and started again on the same port."""

    def __init__(self, config: Path, port: int) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self._config = config
        self._log = config.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until the port answers."""
        assert _BINARY is not None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([_BINARY, "-c", str(self._config), "-v"], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        pytest.fail(f"Mosquitto did not start:\n{self.log}")

    def stop(self) -> None:
        """End the process; sessions are saved where the broker is persistent."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def signal(self, number: int) -> None:
        """Send the running process a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def log(self) -> str:
        """What the broker wrote."""
        return self._log.read_text()


@contextmanager
def running_mosquitto(
    config_extra: str = "", *, anonymous: bool = True, persistent: bool = False, port: int | None = None
) -> Iterator[Mosquitto]:
    """Run a broker on a free port; `config_extra` is appended to its configuration."""
    if _BINARY is None:
        pytest.skip("Mosquitto is not installed (Debian, Ubuntu: apt-get install mosquitto)")
    with tempfile.TemporaryDirectory(prefix="mosquitto-") as folder:
        config, port = Path(folder, "mosquitto.conf"), port or free_port()
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous {str(anonymous).lower()}\n"
            f"user root\npersistence {str(persistent).lower()}\npersistence_location {folder}/\n"
            f"{config_extra}\n"
        )
        broker = Mosquitto(config, port)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


class Subscriber:
    """An outside subscriber: a plain paho client that keeps every message it gets.

    With a client id the broker keeps its session while it is away.
    """

    def __init__(self, broker_port: int, topics: str = "#", *, client_id: str = "") -> None:
        self._arrived = threading.Condition()
        self.messages: list[paho.MQTTMessage] = []
        self._topics = topics
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=not client_id)
        self._client.on_connect = lambda client, *_: client.subscribe(self._topics, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._keep
        self._port = broker_port

    def __enter__(self) -> Self:
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(30), "the subscriber got no SUBACK"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send a message once; one that does not get through is lost."""
        self._client.publish(topic, payload, retain=retain)

    def _keep(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    def payloads(self, topic: str) -> list[bytes]:
        """Return what arrived on a topic, in order."""
        return [bytes(message.payload) for message in self.messages if message.topic == topic]

    def wait_for(self, topic: str, count: int = 1, timeout_s: float = 30.0) -> list[bytes]:
        """Return the payloads of a topic as soon as there are `count`; fail the test otherwise."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.payloads(topic)) >= count, timeout_s):
                pytest.fail(f"{len(self.payloads(topic))} of {count} messages arrived on {topic}")
            return self.payloads(topic)
