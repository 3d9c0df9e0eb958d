"""What the daemon, a real process, tells a service manager that only listens: sd_notify's datagrams."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.mosquitto import free_port
from tests.stations import COMMAND, write_station

LONG_S = 120.0


@dataclass
class Told:
    """What arrived at a NOTIFY_SOCKET."""

    receiver: socket.socket
    assignments: list[str] = field(default_factory=list)

    def until(self, wanted: str) -> list[str]:
        """Return everything up to an assignment that begins as wanted."""
        while not any(one.startswith(wanted) for one in self.assignments):
            self.assignments += self.receiver.recv(65536).decode().split("\n")
        return self.assignments

    def after(self, number: int, wanted: str) -> None:
        """Wait for an assignment that comes after the first `number`."""
        while not any(one.startswith(wanted) for one in self.assignments[number:]):
            self.assignments += self.receiver.recv(65536).decode().split("\n")


@contextmanager
def supervised(path: Path, watchdog_s: float = 1.0) -> Iterator[tuple[subprocess.Popen[str], Told]]:
    """Run a station as systemd would, as far as datagrams go."""
    address = path.with_name("notify")
    environment = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": str(round(watchdog_s * 1e6))}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(address))
        receiver.settimeout(LONG_S)
        command = [*COMMAND, "run", "-c", str(path)]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env=os.environ | environment
        ) as process:
            try:
                yield process, Told(receiver)
            finally:
                process.kill()


def test_ready_then_the_watchdog_then_stopping(tmp_path: Path) -> None:
    ledger = {"path": str(tmp_path / "ledger.db")}
    path = write_station(tmp_path, {"source": "sample:1"}, port=free_port(), ledger=ledger)
    with supervised(path) as (process, told):
        ready = told.until("READY=1")
        assert "STATUS=loading the models" in ready
        assert "WATCHDOG=1" not in ready
        told.until("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        told.until("STOPPING=1")
        _, errors = process.communicate(timeout=LONG_S)

    assert (process.returncode, "Traceback" in errors) == (0, False)


def test_a_camera_that_is_away_is_told_and_is_not_ready(tmp_path: Path) -> None:
    camera = {"source": "http://127.0.0.1:9/", "open_timeout_s": 0.5}
    with supervised(write_station(tmp_path, camera)) as (_, told):
        said = told.until("STATUS=Error: 0 inspected; cam1 is lost")

    assert "READY=1" not in said
    assert "WATCHDOG=1" not in said
    assert any(one.startswith("EXTEND_TIMEOUT_USEC=") for one in said)


@pytest.mark.parametrize(
    ("version", "outcome"),
    [("2.0.0", "reloaded: took over recipe dark 2.0.0"), ("two", "reload refused: ")],
)
def test_sighup_is_answered_with_reloading_ready_and_how_it_went(
    tmp_path: Path, version: str, outcome: str
) -> None:
    path = write_station(tmp_path, {"source": "sample:1"})
    with supervised(path) as (process, told):
        ready = len(told.until("READY=1"))
        recipe = path.with_name("recipe.yaml")
        recipe.write_text(recipe.read_text().replace("1.0.0", version))
        process.send_signal(signal.SIGHUP)
        told.until("RELOADING=1")
        told.after(ready, "READY=1")
        while not any(outcome in one for one in told.assignments):
            told.after(len(told.assignments), "STATUS=")

        assert process.poll() is None
