"""Real engines that lose their session in the middle of a run, at a real broker."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevision.daemon.run import Daemon
from edgevision.engines.guard import GuardedEngine
from edgevision.messages import Topics
from tests.faults.figures import print_row
from tests.mosquitto import Subscriber, needs_mosquitto, running_mosquitto
from tests.stations import check_message, loaded_station, write_station

# Not importorskip: importing OpenVINO plainly makes it send usage data.
pytestmark = [
    pytest.mark.broker,
    needs_mosquitto,
    pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="openvino is not installed"),
]

LONG_S = 120.0
TOPICS = Topics("edgevision", "line1")


@contextmanager
def station(path: Path) -> Iterator[GuardedEngine]:
    """Run a station in a thread and give its engine."""
    daemon, stop = Daemon(*loaded_station(path)), threading.Event()
    thread = threading.Thread(target=daemon.run, args=(stop,))
    thread.start()
    try:
        yield daemon._active.models._steps[0].engine
    finally:
        stop.set()
        thread.join(LONG_S)


class Reader:
    """Reads what arrives on a topic, each message once."""

    def __init__(self, subscriber: Subscriber, topic: str) -> None:
        self._subscriber, self._topic = subscriber, topic
        self._seen = 0

    def wait_for(self, **wanted: str) -> None:
        """Return when a message with these fields has come."""
        while True:
            payloads = self._subscriber.wait_for(self._topic, self._seen + 1, LONG_S)
            new, self._seen = payloads[self._seen :], len(payloads)
            if any(wanted.items() <= scalars(json.loads(payload)).items() for payload in new):
                return


def scalars(message: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in message.items() if isinstance(value, str)}


def break_engine(guard: GuardedEngine) -> None:
    """Take the session away from under the engine in use, as a lost device would."""
    engine = guard._engine
    assert engine is not None
    engine.close()


def test_a_lost_session_is_loaded_again_then_replaced_then_nd_until_one_runs_again(
    tmp_path: Path,
) -> None:
    engine = {"provider": "cpu", "precision": "fp32", "threads": 1, "cache_dir": str(tmp_path / "cache")}
    with running_mosquitto() as mosquitto, Subscriber(mosquitto.port) as subscriber:
        path = write_station(tmp_path, {"source": "sample:1"}, port=mosquitto.port, engine=engine)
        results, alarms = Reader(subscriber, TOPICS.result("cam1")), Reader(subscriber, TOPICS.alarm)
        with station(path) as guard:
            guard._retry_s = 1.0
            first = guard.info.engine
            second = "openvino" if first == "onnxruntime" else "onnxruntime"
            results.wait_for(judgement="NG", engine=first)
            for code, runs in [("restarted", first), ("replaced", second), ("restarted", first)]:
                break_engine(guard)
                alarms.wait_for(code=f"engine_{code}")
                results.wait_for(judgement="NG", engine=runs)
        found, told, infos = (
            [json.loads(payload) for payload in subscriber.payloads(topic)]
            for topic in (TOPICS.result("cam1"), TOPICS.alarm, TOPICS.info)
        )

    for message in told:
        check_message("alarm", message)
    assert [message["frame_id"] for message in found] == list(range(len(found)))
    undecided = [message for message in found if message["judgement"] == "ND"]
    assert any("no engine runs this model" in message["reason"] for message in undecided)
    assert [info["models"][0]["engine"] for info in infos] == [first, second, first]
    print_row(
        "model failing mid-run, 3 times",
        "engine restarted once, then the other engine, then ND until one runs again",
        f"{first}, restarted, {second}, none, {first}: {len(found)} inspections, "
        f"{len(undecided)} ND, 0 missing",
        "python -m pytest tests/faults/test_engine.py -s",
    )
