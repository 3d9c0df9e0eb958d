"""`edgevision demo`, as a newcomer runs it."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import yaml

from edgevision.config.document import load_recipe
from edgevision.dashboard.extra import is_installed
from edgevision.demo import broker_address
from edgevision.errors import UsageError
from edgevision.messages import Topics
from tests.integration.conftest import Command
from tests.mosquitto import Subscriber, free_port, needs_mosquitto, running_mosquitto
from tests.stations import COMMAND, check_message, run_edgevision, write_parts, write_recipe
from tests.videos import write_video

TOPICS = Topics("edgevision", "demo")
LONG_S = 120.0
ANNOUNCED = 3 if is_installed() else 2
"""Lines before the first verdict: broker, listen, and look where there is a dashboard."""
VERDICT = re.compile(
    r"\d\d:\d\d:\d\d\.\d{3}  (?P<part>\S+|cam1 #\d+)  (?P<judgement>OK|NG|ND)  .+"
    r"  \| OK (\d+)  NG (\d+)  ND (\d+)  \d+\.\d/s  \d+\.\d ms"
)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the choice of the engine is remembered, for all processes of this file."""
    return str(tmp_path_factory.mktemp("cache"))


@contextmanager
def demo_process(recipe: Path, cache: str) -> Iterator[subprocess.Popen[str]]:
    """Run a demo that does not end by itself."""
    with subprocess.Popen(
        [*COMMAND, "demo", "--recipe", str(recipe)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"XDG_CACHE_HOME": cache},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def verdicts(lines: list[str]) -> list[re.Match[str]]:
    """Return what the lines say; every one must be a verdict."""
    found = [VERDICT.fullmatch(line) for line in lines]
    assert None not in found, lines
    return [match for match in found if match is not None]


def port_in(out: IO[str]) -> int:
    """Read the lines before the verdicts; return the broker's port."""
    broker = re.fullmatch(r"broker  mqtt://127\.0\.0\.1:(\d+) \(embedded\)\n", out.readline())
    assert broker is not None
    assert out.readline() == f"listen  mosquitto_sub -h 127.0.0.1 -p {broker[1]} -t 'edgevision/#' -v\n"
    if is_installed():
        assert re.fullmatch(r"look    http://127\.0\.0\.1:\d+/\n", out.readline())
    return int(broker[1])


def test_a_newcomers_demo_prints_its_broker_and_a_line_for_each_verdict(recipe: Path, cache: str) -> None:
    pytest.importorskip("amqtt")
    arguments: list[str | Path] = ["demo", "--recipe", recipe, "--frames", "5"]
    done = run_edgevision(*arguments, XDG_CACHE_HOME=cache, COLUMNS="40")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"broker  mqtt://127\.0\.0\.1:\d+ \(embedded\)", lines[0])
    found = verdicts(lines[ANNOUNCED:])
    assert [match["part"] for match in found] == [f"S1-{index:06d}" for index in range(5)]
    assert [sum(map(int, match.groups()[2:])) for match in found] == [1, 2, 3, 4, 5]


def test_an_outside_client_gets_the_results_of_the_embedded_broker_until_ctrl_c(
    recipe: Path, cache: str
) -> None:
    pytest.importorskip("amqtt")
    with demo_process(recipe, cache) as process:
        assert process.stdout is not None
        with Subscriber(port_in(process.stdout)) as subscriber:
            results = subscriber.wait_for(TOPICS.result("cam1"), 3, LONG_S)
            assert subscriber.wait_for(TOPICS.status)[0] == b"online"
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=LONG_S)

    assert (process.returncode, errors) == (0, "")
    for payload in results:
        check_message("result", json.loads(payload))
    shown = {match["part"]: match["judgement"] for match in verdicts(printed.splitlines())}
    received = {message["part_id"]: message["judgement"] for message in map(json.loads, results)}
    assert received.items() <= shown.items()


def test_a_reader_that_goes_away_ends_the_demo_quietly(recipe: Path, cache: str) -> None:
    pytest.importorskip("amqtt")
    with demo_process(recipe, cache) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(LONG_S)

    assert (process.returncode, errors) == (1, "")


@pytest.mark.broker
@needs_mosquitto
def test_a_video_and_a_real_broker_replace_the_built_in_ones(
    tmp_path: Path, recipe: Path, command: Command
) -> None:
    video = write_video(tmp_path / "sample.avi", frames=12)
    with running_mosquitto() as mosquitto, Subscriber(mosquitto.port) as subscriber:
        address = f"{mosquitto.host}:{mosquitto.port}"
        done = command("demo", "--recipe", recipe, "--video", video, "--broker", address)
        results = subscriber.wait_for(TOPICS.result("cam1"), 12)

    lines = done.out.splitlines()
    assert (done.status, done.err) == (0, "")
    assert lines[0] == f"broker  mqtt://{address} (given)"
    assert [match["part"] for match in verdicts(lines[ANNOUNCED:])] == [
        f"cam1 #{index}" for index in range(12)
    ]
    assert [json.loads(payload)["file"] for payload in results] == ["sample.avi"] * 12


@pytest.mark.broker
@needs_mosquitto
def test_regions_and_zones_made_for_other_pictures_are_left_out_of_a_video(
    tmp_path: Path, recipe: Path, command: Command
) -> None:
    fields = yaml.safe_load(recipe.read_text())
    fields["tasks"][0]["region"] = {"rectangle_xyxy": [500, 300, 600, 400]}
    fields["zones"] = [{"name": "seal", "rectangle_xyxy": [500, 300, 600, 400]}]
    fields["rules"][0]["zone"] = "seal"
    recipe.write_text(yaml.safe_dump(fields))
    parts = write_parts(tmp_path / "parts", 3)
    with running_mosquitto() as mosquitto, Subscriber(mosquitto.port) as subscriber:
        address = f"{mosquitto.host}:{mosquitto.port}"
        assert command("demo", "--recipe", recipe, "--video", parts, "--broker", address).status == 0
        results = [json.loads(payload) for payload in subscriber.wait_for(TOPICS.result("cam1"), 3)]

    assert [message["judgement"] for message in results] == ["OK", "OK", "NG"]
    assert {message["recipe_hash"] for message in results} != {f"sha256:{load_recipe(recipe).ref.sha256}"}


def test_a_broker_that_is_away_is_told_and_the_verdicts_are_shown_all_the_same(
    tmp_path: Path, recipe: Path, command: Command
) -> None:
    parts, port = write_parts(tmp_path / "parts", 3), free_port()
    done = command("demo", "--recipe", recipe, "--video", parts, "--broker", f"127.0.0.1:{port}")

    assert done.status == 0
    assert len(verdicts(done.out.splitlines()[ANNOUNCED:])) == 3
    assert f"127.0.0.1:{port}: nobody listens there" in done.err
    assert "results lost: 3; the broker has not acknowledged them" in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--video", "a.mp4", "--camera", "0"], 2, "at most one of --video, --camera and --url"),
        (["--url", "rtsp://box", "--camera", "0"], 2, "at most one of --video, --camera and --url"),
        (["--url", "rtsp://bob:hush@box"], 2, "--url: expected no password"),
        (["--broker", "host:port"], 2, "expected HOST:PORT"),
        (["--video", "gone.mp4"], 6, "gone.mp4"),
        (["--frames", "0"], 2, "--frames"),
    ],
)
def test_a_mistake_has_its_exit_status_and_one_message(
    recipe: Path, command: Command, arguments: list[str], status: int, message: str
) -> None:
    done = command("demo", "--recipe", recipe, *arguments)

    assert done.status == status
    assert message in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost", "localhost", 1883),
        ("10.0.0.7:8883", "10.0.0.7", 8883),
        ("broker.plant-1.example:1", "broker.plant-1.example", 1),
        ("[::1]:1884", "::1", 1884),
        ("[fe80::1]", "fe80::1", 1883),
    ],
)
def test_an_address_of_a_broker_is_understood(text: str, host: str, port: int) -> None:
    settings = broker_address(text)

    assert (settings.host, settings.port) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1883",
        "host:",
        "host:0",
        "host:65536",
        "host:x",
        "mqtt://host:1883",
        "a b",
        "::1",
        "u@host",
        "host:1_0",
    ],
)
def test_what_is_no_address_of_a_broker_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected HOST:PORT"):
        broker_address(text)
