"""The daemon at a real Mosquitto, watched by an outside subscriber."""

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevision.build import Models
from edgevision.messages import VOLATILE_FIELDS
from edgevision.replay.outputs import ResultLines
from edgevision.replay.play import Replay
from edgevision.types import Inspected
from tests.daemons import (
    LONG_S,
    PERSISTENT,
    TOPICS,
    broker,
    decoded,
    distinct,
    results,
    station,
    station_process,
    wait_for_distinct,
    wait_until,
)
from tests.mosquitto import Subscriber, free_port, needs_mosquitto, running_mosquitto
from tests.stations import (
    check_message,
    loaded_station,
    run_edgevision,
    write_parts,
    write_station,
)
from tests.videos import write_video

pytestmark = [pytest.mark.broker, needs_mosquitto]


class Gate:
    """An observer that holds the line after so many results until it is opened."""

    def __init__(self, *stops: int) -> None:
        self._gates = {stop: (threading.Event(), threading.Event()) for stop in stops}
        self._count = 0

    def commit(self, batch: Sequence[Inspected]) -> None:
        for _ in batch:
            self._count += 1
            if gate := self._gates.get(self._count):
                reached, opened = gate
                reached.set()
                assert opened.wait(LONG_S)

    @contextmanager
    def held_at(self, stop: int) -> Iterator[None]:
        """Wait until the line stands there; go on afterwards."""
        reached, opened = self._gates[stop]
        assert reached.wait(LONG_S)
        yield
        opened.set()


def kept(message: dict[str, Any]) -> dict[str, Any]:
    """Return what a result says about the part, whoever ran it and however long it took."""
    changing = VOLATILE_FIELDS | {"result_id", "station", "camera"}
    return {name: value for name, value in message.items() if name not in changing}


def replay(folder: Path, video: Path) -> list[dict[str, Any]]:
    """Return what a replay says about a video, with the recipe of the station in the folder."""
    station, recipe = loaded_station(folder / "station.yaml")
    models = Models(recipe, station.engine, streams=1)
    with ResultLines(folder / "results.jsonl", "replay") as lines:
        Replay(recipe, models, workers=2).play([str(video)], [lines])
    models.close()
    return decoded((folder / "results.jsonl").read_bytes().splitlines())


def test_a_video_is_inspected_and_published_as_replay_judges_it(tmp_path: Path) -> None:
    video = write_video(tmp_path / "belt.avi")
    with broker() as (mosquitto, subscriber):
        path = write_station(tmp_path, {"source": str(video)}, port=mosquitto.port)
        done = run_edgevision("run", "-c", path)
        live = results(subscriber, count=30)
        for topic, name in [
            (TOPICS.state, "state"),
            (TOPICS.info, "info"),
            (TOPICS.metrics("cam1"), "metrics"),
        ]:
            for message in decoded(subscriber.wait_for(topic)):
                check_message(name, message)
        with Subscriber(mosquitto.port) as latecomer:
            last = decoded(latecomer.wait_for(TOPICS.last("cam1")))
            assert latecomer.wait_for(TOPICS.status) == [b"stopped"]
            assert decoded(latecomer.wait_for(TOPICS.state))[0]["state"] == "Halted"
            assert decoded(latecomer.wait_for(TOPICS.info))[0]["mqtt_protocol"] == "5"
    replayed = replay(tmp_path, video)

    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    assert [message["frame_id"] for message in live] == list(range(30))
    assert [kept(message) for message in live] == [kept(message) for message in replayed]
    assert {message["judgement"] for message in live} == {"OK", "NG"}
    assert last[0]["result_id"] == live[-1]["result_id"]
    assert subscriber.payloads(TOPICS.status) == [b"online", b"stopped"]
    # The newest state replaces one not yet sent, so a short recording may skip ContinuousExecution.
    assert decoded(subscriber.payloads(TOPICS.state))[-1]["state"] == "Halted"
    final = decoded(subscriber.payloads(TOPICS.metrics("cam1")))[-1]
    assert (final["frames"], final["ok"] + final["ng"] + final["nd"]) == (30, 30)
    assert not subscriber.payloads(TOPICS.alarm)


def test_sigterm_ends_the_station_in_order(tmp_path: Path) -> None:
    with broker() as (mosquitto, subscriber):
        path = write_station(tmp_path, {"source": "sample:1"}, port=mosquitto.port, metrics_every_s=0.2)
        with station_process(path) as process:
            results(subscriber, count=2)
            subscriber.wait_for(TOPICS.metrics("cam1"), 2, LONG_S)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=LONG_S)
            assert process.returncode == 0
        assert "Traceback" not in errors
        assert subscriber.wait_for(TOPICS.status, 2) == [b"online", b"stopped"]
        assert wait_until(subscriber, TOPICS.state, lambda message: message["state"] == "Halted")
        found = [message["frame_id"] for message in results(subscriber)]
        final = decoded(subscriber.payloads(TOPICS.metrics("cam1")))[-1]

    assert found == list(range(len(found)))
    assert final["ok"] + final["ng"] + final["nd"] == len(found)


def test_a_station_that_is_killed_is_reported_offline_by_the_broker(tmp_path: Path) -> None:
    with broker() as (mosquitto, subscriber):
        path = write_station(tmp_path, {"source": "sample:1", "fps": 1.0}, port=mosquitto.port)
        with station_process(path, "--frames", "1000") as process:
            subscriber.wait_for(TOPICS.status, 1, LONG_S)
            process.kill()
        assert subscriber.wait_for(TOPICS.status, 2, LONG_S) == [b"online", b"offline"]


def test_results_of_a_time_without_broker_arrive_when_it_comes_up(tmp_path: Path) -> None:
    parts, gate = write_parts(tmp_path / "parts", 12), Gate(8)
    with running_mosquitto(PERSISTENT, persistent=True) as mosquitto:
        with Subscriber(mosquitto.port, client_id="outside"):
            mosquitto.stop()
        path = write_station(tmp_path, {"source": str(parts)}, port=mosquitto.port)
        with station(path, gate), gate.held_at(8):
            mosquitto.start()
            with Subscriber(mosquitto.port, client_id="outside") as subscriber:
                assert distinct(results(subscriber, count=8)) == list(range(8))
                subscriber.wait_for(TOPICS.status)


def test_no_result_is_lost_when_the_broker_restarts(tmp_path: Path) -> None:
    parts, gate = write_parts(tmp_path / "parts", 12), Gate(3, 8)
    with running_mosquitto(PERSISTENT, persistent=True) as mosquitto:
        path = write_station(tmp_path, {"source": str(parts)}, port=mosquitto.port)
        with Subscriber(mosquitto.port, client_id="outside") as subscriber, station(path, gate):
            with gate.held_at(3):
                results(subscriber, count=3)
                mosquitto.stop()
            with gate.held_at(8):
                mosquitto.start()
            found = wait_for_distinct(subscriber, 12)

    assert sorted(message["frame_id"] for message in found) == list(range(12))


def test_two_cameras_have_topics_of_their_own(tmp_path: Path) -> None:
    parts, video = write_parts(tmp_path / "parts"), write_video(tmp_path / "belt.avi", frames=10)
    with broker() as (mosquitto, subscriber):
        path = write_station(
            tmp_path, {"source": str(parts)}, {"source": str(video), "px_per_mm": 2.0}, port=mosquitto.port
        )
        with station(path):
            first, second = results(subscriber, "cam1", 6), results(subscriber, "cam2", 10)
            info = decoded(subscriber.wait_for(TOPICS.info))[0]

    assert [message["frame_id"] for message in first] == list(range(6))
    assert [message["frame_id"] for message in second] == list(range(10))
    assert {message["camera"] for message in second} == {"cam2"}
    assert info["cameras"] == ["cam1", "cam2"]
    assert "area_mm" not in first[2]["defects"][0]
    assert "area_mm" in second[0]["defects"][0]


def result_ids(ledger: Path) -> list[str]:
    """Return the ids of what another process has committed, in order; nothing before there is a file."""
    if not ledger.exists():
        return []
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as database:
        has_table = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'results'").fetchone()
        rows = database.execute("SELECT payload FROM results ORDER BY sequence") if has_table else ()
        return [json.loads(payload)["result_id"] for (payload,) in rows]


def test_results_of_a_killed_station_are_published_by_the_next_one(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    line = {"name": "cam1", "source": "sample:1"}
    path = write_station(tmp_path, line, port=free_port(), ledger={"path": str(ledger)})
    deadline = time.monotonic() + LONG_S
    with station_process(path) as process:
        while len(result_ids(ledger)) < 5:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)  # another process' file has no event to wait for
        process.kill()
        process.wait(LONG_S)
    lost = result_ids(ledger)

    with broker() as (mosquitto, subscriber):
        path = write_station(tmp_path, line, port=mosquitto.port, ledger={"path": str(ledger)})
        with station(path):
            arrived = decoded(subscriber.wait_for(TOPICS.result("cam1"), len(lost) + 1, LONG_S))

    assert [message["result_id"] for message in arrived[: len(lost)]] == lost
    assert arrived[len(lost)]["result_id"] not in lost
