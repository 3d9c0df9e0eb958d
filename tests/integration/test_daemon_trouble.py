"""Stations that start wrong, or lose what they need: a GPU, a camera, a bundle, a setting."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.daemons import (
    LONG_S,
    TOPICS,
    broker,
    decoded,
    results,
    station,
    station_process,
    wait_until,
)
from tests.integration.conftest import Command
from tests.mjpeg import MjpegCamera, serving
from tests.mosquitto import needs_mosquitto
from tests.stations import (
    check_message,
    run_edgevision,
    write_station,
)

pytestmark = [pytest.mark.broker, needs_mosquitto]


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
