"""A triggered station at a real Mosquitto, with a listener and somebody who gives it commands."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from edgevision.daemon.run import Daemon
from edgevision.messages import Topics
from tests.mosquitto import Mosquitto, Subscriber, running_mosquitto
from tests.operators import Operator
from tests.stations import check_message, loaded_station, write_station

__all__ = ["CAMERA", "ENABLED", "LONG_S", "TOPICS", "Plant", "await_first_frame", "plant", "plant_http"]

LONG_S = 30.0
TOPICS = Topics("edgevision", "line1")
CAMERA = {"source": "sample:1", "fps": 50, "mode": "triggered", "capture_delay_ms": 5}
ENABLED = {"enabled": True}


@dataclass
class Plant:
    """A broker, a listener, somebody who gives commands, and a station that runs."""

    folder: Path
    mosquitto: Mosquitto
    heard: Subscriber
    operator: Operator
    daemon: Daemon

    def messages(self, topic: str, schema: str, count: int = 1) -> list[dict[str, Any]]:
        """Return what came on a topic, at least so many, each checked against its schema."""
        messages = [json.loads(payload) for payload in self.heard.wait_for(topic, count, LONG_S)]
        for message in messages:
            check_message(schema, message)
        return messages

    def wait_for(self, topic: str, schema: str, **wanted: object) -> dict[str, Any]:
        """Return the first message with these fields."""
        seen = 0
        while True:
            for message in self.messages(topic, schema, seen + 1)[seen:]:
                seen += 1
                if wanted.items() <= message.items():
                    return message

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Return the change log."""
        return [json.loads(line) for line in (self.folder / "changes.jsonl").read_text().splitlines()]


@contextmanager
def plant(folder: Path, *, is_v5: bool = True, **fields: Any) -> Iterator[Plant]:
    """Run all of it; the station is stopped at the end."""
    with ExitStack() as stack:
        mosquitto = stack.enter_context(running_mosquitto())
        heard = stack.enter_context(Subscriber(mosquitto.port, "edgevision/#"))
        operator = stack.enter_context(Operator(mosquitto.port, TOPICS, is_v5=is_v5))
        fields = {"commands": ENABLED} | fields
        path = write_station(folder, CAMERA, port=mosquitto.port, **fields)
        if not is_v5:
            settings = yaml.safe_load(path.read_text())
            settings["mqtt"]["protocol"] = "3.1.1"
            path.write_text(yaml.safe_dump(settings))
        station, recipe = loaded_station(path)
        daemon, stop = Daemon(station, recipe, file=path), threading.Event()
        thread = threading.Thread(target=daemon.run, args=(stop,))
        thread.start()
        try:
            heard.wait_for(TOPICS.commands, timeout_s=LONG_S)
            await_first_frame(daemon)
            yield Plant(folder, mosquitto, heard, operator, daemon)
        finally:
            stop.set()
            thread.join(LONG_S)
        assert not thread.is_alive()


def await_first_frame(daemon: Daemon) -> None:
    deadline_s = time.monotonic() + LONG_S
    while daemon._lines[0].lane.feed.newest is None and time.monotonic() < deadline_s:
        time.sleep(0.02)


@contextmanager
def plant_http(folder: Path, port: int) -> Iterator[tuple[Subscriber, Operator]]:
    """Run a station without commands, with triggers over HTTP."""
    with (
        running_mosquitto() as mosquitto,
        Subscriber(mosquitto.port, "edgevision/#") as heard,
        Operator(mosquitto.port, TOPICS) as operator,
    ):
        path = write_station(folder, CAMERA, port=mosquitto.port, triggers={"http_port": port})
        daemon, stop = Daemon(*loaded_station(path)), threading.Event()
        thread = threading.Thread(target=daemon.run, args=(stop,))
        thread.start()
        heard.wait_for(TOPICS.counters("cam1"), 1, LONG_S)
        await_first_frame(daemon)
        yield heard, operator
        stop.set()
        thread.join(LONG_S)
