"""`edgevision dashboard` as a process, at a real broker."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgevision.dashboard.passwords import Passwords
from edgevision.types import Judgement
from tests.integration.conftest import Command
from tests.mosquitto import Subscriber, needs_mosquitto, running_mosquitto
from tests.plants import Station
from tests.stations import COMMAND

PATIENCE_S = 60.0


def ask(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
        content: bytes = answer.read()
        return content


def results_at(address: str, count: int) -> None:
    """Wait until the history has so many results."""
    end_s = time.monotonic() + PATIENCE_S
    while len(json.loads(ask(f"{address}api/results"))["results"]) < count:
        assert time.monotonic() < end_s
        time.sleep(0.05)


@contextmanager
def dashboard_process(port: int, state: Path) -> Iterator[str]:
    """Run a dashboard, yield its address, and end it with SIGTERM."""
    arguments = ["dashboard", "--broker", f"mqtt://127.0.0.1:{port}", "--port", "0"]
    environment = os.environ | {"XDG_STATE_HOME": str(state)}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1]
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


@pytest.mark.broker
@needs_mosquitto
def test_a_dashboard_gets_what_is_said_while_it_is_away_and_ends_with_sigterm(tmp_path: Path) -> None:
    station = Station()
    with running_mosquitto() as broker, Subscriber(broker.port, "none") as mouth:

        def judge(count: int) -> None:
            for _ in range(count):
                topic, payload, _ = station.result(Judgement.OK, time.time_ns())
                mouth._client.publish(topic, payload, 1).wait_for_publish(PATIENCE_S)

        with dashboard_process(broker.port, tmp_path) as address:
            while "SUBACK to edgevision-dashboard" not in broker.log:
                time.sleep(0.05)
            judge(3)
            results_at(address, 3)
        judge(3)
        with dashboard_process(broker.port, tmp_path) as address:
            results_at(address, 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--broker", "10.0.0.7"], "expected mqtt://HOST:PORT"),
        (["--broker", "mqtt://h", "--bind", "0.0.0.0"], "nobody has to sign in"),
        (["--broker", "mqtt://h", "--commands"], "expected to know who commands"),
        (["--broker", "mqtt://h", "--bind", "192.0.2.1", "--open"], "cannot listen there"),
    ],
)
def test_what_cannot_be_served_is_refused(
    command: Command, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = command("dashboard", "--history", tmp_path / "history.sqlite", *arguments)

    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_user_is_added_with_the_password_from_stdin(tmp_path: Path) -> None:
    file = tmp_path / "users"
    arguments = [*COMMAND, "dashboard-user", "ann", "--password-file", str(file)]
    done = subprocess.run(arguments, input="correct horse\n", text=True, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert Passwords(file).is_right("ann", "correct horse")
