"""Connections that come and go leave nothing in memory: a station may have a bad network for months."""

import json
import subprocess
import sys

import pytest

from tests.bundles import dark_part
from tests.faults.cameras import jpeg, network_camera
from tests.faults.figures import print_row
from tests.faults.growth import Growth
from tests.mosquitto import needs_mosquitto, running_mosquitto

MAX_BLOCKS = 1000
"""Of the long form one every second time; Python keeps some for later use."""
MAX_GROWTH_KB = 1000.0
COMMAND = "python -m pytest tests/faults/test_memory.py --long -s"


def growth(kind: str, address: str | int, *, is_long: bool) -> Growth:
    """Return what a process gained that connected many times."""
    command = [sys.executable, "-m", "tests.faults.growth", kind, str(address), "2500" if is_long else "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=3600)
    assert done.returncode == 0, done.stderr[-2000:]
    return Growth(**json.loads(done.stdout))


def check(what: str, grown: Growth) -> None:
    """Fail when something is left each time."""
    assert grown.blocks < MAX_BLOCKS
    assert grown.kb < MAX_GROWTH_KB
    measured = f"{grown.blocks:+d} blocks of Python, {grown.kb:+.0f} kB"
    print_row(f"{what} {grown.times} times", "nothing stays in memory", measured, COMMAND)


def test_a_camera_that_is_opened_again_and_again_leaves_nothing(is_long: bool) -> None:
    picture = jpeg(dark_part((96, 64), defective=False))
    with network_camera(lambda _: picture, fps=200.0) as camera:
        check("camera opened again", growth("camera", camera.url, is_long=is_long))


@pytest.mark.broker
@needs_mosquitto
def test_a_broker_that_is_connected_to_again_and_again_leaves_nothing(is_long: bool) -> None:
    with running_mosquitto() as broker:
        check("broker connected to again", growth("broker", broker.port, is_long=is_long))
