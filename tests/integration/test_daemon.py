"""The daemon at a real Mosquitto, watched by an outside subscriber."""

import json
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevision.build import Models
from edgevision.daemon.run import Daemon
from edgevision.messages import VOLATILE_FIELDS, Topics
from edgevision.ports import InspectionSink
from edgevision.replay.outputs import ResultLines
from edgevision.replay.play import Replay
from edgevision.types import Inspected
from tests.integration.conftest import Command
from tests.integration.test_capture import MjpegCamera, serving
from tests.mosquitto import Mosquitto, Subscriber, free_port, needs_mosquitto, running_mosquitto
from tests.stations import (
    COMMAND,
    check_message,
    loaded_station,
    run_edgevision,
    write_parts,
    write_station,
)
from tests.videos import write_video

pytestmark = [pytest.mark.broker, needs_mosquitto]

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


def without_gpu(**engine: Any) -> dict[str, Any]:
    """Return engine settings that ask for a provider which this build of ONNX Runtime lacks."""
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has a GPU build of ONNX Runtime")
    return {"name": "onnxruntime", "provider": "cuda", "precision": "fp32", "threads": 1} | engine


def test_a_missing_gpu_raises_an_alarm_and_the_results_name_what_ran(tmp_path: Path) -> None:
    with broker() as (mosquitto, subscriber):
        path = write_station(
            tmp_path, {"source": "sample:1", "fps": 20.0}, port=mosquitto.port, engine=without_gpu()
        )
        with station(path):
            alarm = wait_until(subscriber, TOPICS.alarm, lambda message: message["active"])
            result = wait_until(subscriber, TOPICS.result("cam1"), lambda _: True)
    check_message("alarm", alarm)
    assert (alarm["code"], alarm["severity"]) == ("engine_fallback", "warning")
    assert "asked for cuda and runs on cpu" in alarm["text"]
    assert (result["engine"], result["provider"]) == ("onnxruntime", "cpu")


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_required_gpu_that_is_missing_is_refused(tmp_path: Path, provider: str) -> None:
    engine = without_gpu(provider=provider, require=True)
    path = write_station(tmp_path, {"source": "sample:1"}, engine=engine)

    done = run_edgevision("run", "-c", str(path), "--frames", "1")

    assert done.returncode == 5
    assert f"expected provider {provider}, got cpu" in done.stderr
    assert "engine.require: false" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_camera_that_goes_away_raises_an_alarm_until_it_comes_back(tmp_path: Path) -> None:
    camera = MjpegCamera([(range(12, 30), False), (range(0), False)])
    with broker() as (mosquitto, subscriber), serving(camera):
        source = {"source": camera.url, "reopen_min_s": 0.1, "reopen_max_s": 0.2, "read_timeout_s": 2.0}
        with station(write_station(tmp_path, source, port=mosquitto.port)):
            lost = wait_until(subscriber, TOPICS.alarm, lambda message: message["active"])
            wait_until(subscriber, TOPICS.state, lambda message: message["state"] == "Error")
            camera.connections.append((range(3), True))
            over = wait_until(subscriber, TOPICS.alarm, lambda message: not message["active"])
            back = wait_until(subscriber, TOPICS.result("cam1"), lambda message: message["judgement"] == "NG")
        states = [message["state"] for message in decoded(subscriber.wait_for(TOPICS.state))]

    for message in (lost, over):
        check_message("alarm", message)
        assert (message["code"], message["camera"]) == ("camera_lost", "cam1")
    assert states[states.index("Error") + 1] == "ContinuousExecution"
    assert not back["is_simulated"]
    assert back["queue_ms"] > 0


def test_a_stalled_camera_does_not_hold_up_the_end(tmp_path: Path) -> None:
    camera = MjpegCamera([(range(12, 30), True)])
    with broker() as (mosquitto, subscriber), serving(camera):
        source = {"source": camera.url, "read_timeout_s": 600.0}
        with station_process(write_station(tmp_path, source, port=mosquitto.port)) as process:
            results(subscriber, count=1)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=LONG_S)
            assert process.returncode == 0, errors
        assert subscriber.wait_for(TOPICS.status, 2) == [b"online", b"stopped"]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        (("recipe:", "receipt:"), 78, "did you mean 'recipe'?"),
        (("source: sample:1", "source: gone.mp4"), 6, "gone.mp4"),
        (("name: cam1", "name: alarm"), 78, "rename the camera"),
        (("recipe.yaml", "gone.yaml"), 78, "gone.yaml: no such file"),
    ],
)
def test_a_mistake_in_the_station_has_its_exit_status_and_one_message(
    tmp_path: Path, command: Command, change: tuple[str, str], status: int, message: str
) -> None:
    path = write_station(tmp_path, {"source": "sample:1"}, port=1)
    path.write_text(path.read_text().replace(*change))
    done = command("run", "-c", path)

    assert done.status == status
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_torn_bundle_does_not_start_the_station(tmp_path: Path, command: Command) -> None:
    path, bundle = write_station(tmp_path, {"source": "sample:1"}, port=1), tmp_path / "tiny.zip"
    bundle.write_bytes(bundle.read_bytes()[:-100])
    done = command("run", "-c", path)

    assert done.status == 4
    assert "tiny.zip" in done.err
    assert "Traceback" not in done.err


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
