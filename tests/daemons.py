"""Whole stations for tests, in a thread or a process, beside a broker whose subscriber gets everything."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgevision.daemon.run import Daemon
from edgevision.messages import Topics
from edgevision.ports import InspectionSink
from tests.mosquitto import Mosquitto, Subscriber, running_mosquitto
from tests.stations import (
    COMMAND,
    check_message,
    loaded_station,
)

LONG_S = 120.0
TOPICS = Topics("edgevision", "line1")
PERSISTENT = "max_queued_messages 0"


@contextmanager
def broker() -> Iterator[tuple[Mosquitto, Subscriber]]:
    """Run a broker with a subscriber that gets everything."""
    with running_mosquitto() as mosquitto, Subscriber(mosquitto.port) as subscriber:
        yield mosquitto, subscriber


@contextmanager
def station_process(path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, "run", "-c", str(path), *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def station(path: Path, *observers: InspectionSink) -> Iterator[threading.Event]:
    """Run a station in a thread; the event stops it, and so does the end."""
    settings, recipe = loaded_station(path)
    daemon, stop, failures = Daemon(settings, recipe, observers=observers), threading.Event(), []

    def run() -> None:
        try:
            daemon.run(stop)
        except Exception as error:  # noqa: BLE001 - raised below
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(LONG_S)
    assert not thread.is_alive()
    assert failures == []


def decoded(payloads: Sequence[bytes]) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in payloads]


def results(subscriber: Subscriber, camera: str = "cam1", count: int = 0) -> list[dict[str, Any]]:
    """Return the results of a camera, at least so many, each checked against the schema."""
    messages = decoded(subscriber.wait_for(TOPICS.result(camera), count, LONG_S))
    for message in messages:
        check_message("result", message)
    return messages


def distinct(messages: Sequence[dict[str, Any]]) -> list[int]:
    """Return the frame ids without repetitions, which at least once allows."""
    return list(dict.fromkeys(message["frame_id"] for message in messages))


def wait_for_distinct(subscriber: Subscriber, wanted: int) -> list[dict[str, Any]]:
    """Return one message of each result as soon as there are so many; at least once allows more."""
    found: dict[str, dict[str, Any]] = {}
    seen = 0
    while len(found) < wanted:
        messages = results(subscriber, count=seen + 1)
        seen = len(messages)
        found = {message["result_id"]: message for message in messages}
    return list(found.values())


def wait_until(subscriber: Subscriber, topic: str, wanted: Callable[[Any], bool]) -> Any:
    """Return the first message on a topic that is wanted, from the start of listening."""
    seen = 0
    while True:
        payloads = subscriber.wait_for(topic, seen + 1, LONG_S)
        for message in decoded(payloads[seen:]):
            if wanted(message):
                return message
        seen = len(payloads)
