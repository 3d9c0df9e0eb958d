"""SIGTERM ends the station within 5 s, whatever hangs, and leaves a ledger that can be read."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.hanging import HangingDisk
from tests.faults.rows import row
from tests.ledgers import until, verified
from tests.stations import COMMAND, write_station

ENDS_WITHIN_S = 5.0
NOBODY = 9
"""A port on which nobody listens."""


def keeping(folder: Path) -> dict[str, Any]:
    return {
        "ledger": {"path": str(folder / "ledger.db")},
        "evidence": {"folder": str(folder / "evidence"), "ok_one_in": 1, "min_free_gb": 0.0},
        "commands": {"enabled": True, "change_log": str(folder / "changes.jsonl")},
    }


@pytest.mark.parametrize("is_hanging", [False, True], ids=["disk well", "disk hangs"])
def test_sigterm_ends_the_station_in_time_without_broker_and_disk(tmp_path: Path, is_hanging: bool) -> None:
    disk, log = HangingDisk(tmp_path), tmp_path / "log"
    path = write_station(tmp_path, {"source": "sample:1"}, port=NOBODY, **keeping(tmp_path))
    command = [*COMMAND, "run", "-c", str(path)]
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stderr=errors, env=os.environ | disk.environment) as process,
    ):
        try:
            until(lambda: "ContinuousExecution" in log.read_text(), "it inspects")
            if is_hanging:
                disk.hang()
                until(disk.asked.exists, "it waits for the disk")
            process.send_signal(signal.SIGTERM)
            began_s = time.monotonic()
            process.wait(ENDS_WITHIN_S)
            took_s = time.monotonic() - began_s
        finally:
            process.kill()

    assert process.returncode == 0
    assert "Traceback" not in log.read_text()
    assert verified(tmp_path / "ledger.db")
    row(
        f"SIGTERM without a broker, {'disk does not answer' if is_hanging else 'disk well'}",
        "ends within 5 s; the ledger is sound",
        f"ended with 0 after {took_s:.1f} s; the books balance",
        "test_stop.py",
        is_long=False,
    )
