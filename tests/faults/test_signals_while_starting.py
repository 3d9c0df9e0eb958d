"""Signals while a station starts: it has said nothing yet, and ends at once or goes on."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.test_stop_amid_change import write_heavy_recipe
from tests.ledgers import until
from tests.stations import COMMAND, write_station

PATIENCE_S = 120.0


@contextmanager
def starting(folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a station whose models are to be measured first."""
    path = write_station(folder, {"source": "sample:1"}, engine={"cache_dir": str(folder)})
    write_heavy_recipe(folder)
    with (
        log.open("w") as errors,
        subprocess.Popen([*COMMAND, "run", "-c", str(path)], stderr=errors) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def holds_back(process: subprocess.Popen[bytes], number: int) -> bool:
    """Whether a signal to a process waits, as the kernel sees it."""
    status = Path("/proc", str(process.pid), "status").read_text()
    blocked = re.findall(r"^SigBlk:\s+(\w+)$", status, re.MULTILINE)[0]
    return bool(int(blocked, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_station_that_measures_its_models_ends_without_having_begun(tmp_path: Path, number: int) -> None:
    log = tmp_path / "log"
    with starting(tmp_path, log) as process:
        until((tmp_path / "engines.json").exists, "one model is measured, and the other one begun")
        process.send_signal(number)
        process.wait(PATIENCE_S)

    assert process.returncode == 0
    assert log.read_text() == ""


def test_a_hangup_as_early_as_it_is_heard_ends_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with starting(tmp_path, log) as process:
        until(lambda: holds_back(process, signal.SIGHUP), "it has come to hear of signals")
        process.send_signal(signal.SIGHUP)
        until(lambda: "reload" in log.read_text(), "it reads its settings again")
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)

    assert process.returncode == 0
