"""Everything of a station that has to do with delivery, without cameras and models, under load."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from edgevision.config.station import MqttSettings
from edgevision.ledger.journal import Ledger
from edgevision.messages import Topics
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink
from tests.inspections import inspected, ng_inspection, ok_inspection
from tests.ledgers import open_ledger, until
from tests.mosquitto import Subscriber

__all__ = ["ALL", "PERSISTENT", "RESULT", "TOPICS", "Historian", "Line", "duplicates", "running_line"]

TOPICS = Topics("edgevision", "line1")
RESULT = TOPICS.result("cam1")
ALL = "0 lost, 0 never delivered, duplicates only with equal result_id"
PERSISTENT = "max_queued_messages 0"
"""For Mosquitto: keep everything for a subscriber that is away."""
_PERIOD_S = 0.01


class Historian:
    """An outside subscriber with a session that the broker keeps: every result as it arrived."""

    def __init__(self, port: int) -> None:
        self.subscriber = Subscriber(port, "edgevision/#", client_id="historian")
        self._seen = 0
        self._messages: list[dict[str, Any]] = []
        self._numbers: set[int] = set()

    def __enter__(self) -> Self:
        self.subscriber.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self.subscriber.__exit__(*details)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every result, also what came twice."""
        arrived = self.subscriber.messages
        while self._seen < len(arrived):
            message = arrived[self._seen]
            self._seen += 1
            if message.topic == RESULT:
                self._messages.append(json.loads(message.payload))
                self._numbers.add(self._messages[-1]["sequence"])
        return self._messages

    @property
    def different(self) -> int:
        """How many different sequence numbers arrived."""
        return len(self._numbers) if self.messages else 0

    def wait_for_more(self, count: int) -> None:
        """Wait until so many more results have arrived."""
        wanted = self.different + count
        until(lambda: self.different >= wanted, f"{count} more results arrive")


class Line:
    """A line that inspects a hundred parts a second while it is running; every tenth is NG."""

    def __init__(self, ledger: Ledger, client: PahoBroker, publisher: Publisher) -> None:
        self.ledger = ledger
        self.client = client
        self.publisher = publisher
        self.made = 0
        self.rate_hz = 0.0
        """What it really was, once it has stopped."""
        self._sink = ResultSink(ledger, publisher, TOPICS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._inspect)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Inspect no more parts."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait_until_delivered(self, timeout_s: float = 60.0) -> None:
        """Stop, and wait until the broker has acknowledged everything."""
        self.stop()
        until(lambda: self.ledger.depth == 0, "every result is acknowledged", timeout_s)

    def make(self, parts: int) -> None:
        """Inspect some parts at once."""
        for number in range(self.made, self.made + parts):
            make = ng_inspection if number % 10 == 0 else ok_inspection
            self._sink.commit([inspected(make(result_id=f"r{number}"))])
        self.made += parts

    def _inspect(self) -> None:
        """What a busy machine keeps it from is made up for."""
        started_s = due_s = time.monotonic()
        while not self._stopping.wait(max(0.0, due_s - time.monotonic())):
            self.make(1)
            due_s += _PERIOD_S
        self.rate_hz = self.made / (time.monotonic() - started_s)


@contextmanager
def running_line(folder: Path, port: int, ledger: Ledger | None = None, **mqtt: Any) -> Iterator[Line]:
    """Run a line with its broker at a port of the loopback; its file is `ledger.db`."""
    ledger = ledger or open_ledger(folder / "ledger.db")
    quick = {"reconnect_min_s": 0.05, "reconnect_max_s": 0.2, "connect_timeout_s": 2.0}
    settings = MqttSettings.model_validate({"host": "127.0.0.1", "port": port} | quick | mqtt)
    client = PahoBroker(settings, TOPICS)
    publisher = Publisher(client, ledger, TOPICS)
    line = Line(ledger, client, publisher)
    publisher.start()
    client.start()
    try:
        yield line
    finally:
        line.stop()
        publisher.stop(1.0)
        client.stop(2.0)
        ledger.close()


def duplicates(messages: Sequence[dict[str, Any]], made: int) -> int:
    """Check that every result arrived with a number of its own; return how many came again.

    The numbers 1 to `made` are all there, and what came twice has the same result id.
    """
    ids = {(message["sequence"], message["result_id"]) for message in messages}
    assert sorted(number for number, _ in ids) == list(range(1, made + 1))
    assert Counter(result_id for _, result_id in ids).total() == made
    assert len({result_id for _, result_id in ids}) == made
    return len(messages) - made
