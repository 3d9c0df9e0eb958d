"""A dashboard at a broker, and stations to look at: a real one and any number of made-up ones."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edgevision.config.station import MqttSettings
from edgevision.daemon.run import Daemon
from edgevision.dashboard.serve import Dashboard
from edgevision.dashboard.settings import DashboardSettings
from edgevision.ledger.reader import LedgerReader
from edgevision.types import Judgement
from tests.plants import Said
from tests.stations import loaded_station, write_station

_RECIPE = Path(__file__).parents[2] / "deploy/examples/surface-crack.yaml"

__all__ = ["Mouth", "dashboard_at", "ledger_counts", "real_line", "spoken", "wait_for"]


class Mouth:
    """Says what made-up stations say."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, *said: Said) -> None:
        """Publish; results count."""
        for topic, payload, is_retained in said:
            self._client.publish(topic, payload, 1 if topic.endswith(("result", "alarm")) else 0, is_retained)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def spoken(port: int) -> Iterator[Mouth]:
    """Talk to the broker on `port`."""
    mouth = Mouth(port)
    try:
        yield mouth
    finally:
        mouth.close()


@contextmanager
def real_line(folder: Path, port: int, *, fps: float = 5.0, **limits: Any) -> Iterator[Daemon]:
    """Run a daemon on the sample line, with its ledger in `folder`; `limits` are those of the daemon."""
    camera = {"source": "sample:1", "fps": fps}
    path = write_station(
        folder,
        camera,
        port=port,
        recipe=str(_RECIPE),
        ledger={"path": str(folder / "ledger.sqlite")},
        metrics_every_s=1.0,
        preview={"every_s": 0.05},
    )
    station, recipe = loaded_station(path)
    stop = threading.Event()
    daemon = Daemon(station, recipe, **limits)
    thread = threading.Thread(target=daemon.run, args=(stop,))
    thread.start()
    try:
        yield daemon
    finally:
        stop.set()
        thread.join(60)


def ledger_counts(folder: Path) -> dict[str, int]:
    """Return judgement → number of results in the ledger."""
    reader = LedgerReader(folder / "ledger.sqlite")
    try:
        counts = {judgement.value: 0 for judgement in Judgement}
        for (_state, judgement), count in reader.books().counts.items():
            counts[judgement.value] += count
        return counts
    finally:
        reader.close()


@contextmanager
def dashboard_at(port: int, folder: Path, **fields: Any) -> Iterator[str]:
    """Run a dashboard at the broker on `port`; yields the address of its first page."""
    broker = MqttSettings(host="127.0.0.1", port=port, reconnect_min_s=0.1, reconnect_max_s=0.2)
    settings = DashboardSettings(broker=broker, history=folder / "history.sqlite", port=0, **fields)
    with Dashboard(settings) as dashboard:
        wait_for(lambda: dashboard._subscriber.is_connected)
        yield dashboard.address


def wait_for(is_so: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Return as soon as something is so; fail the test when it does not come."""
    end_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.02)
