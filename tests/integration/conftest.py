import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from edgevision.cli import main
from tests.gpuruntime import Imagine, ImaginedGpu
from tests.mosquitto import Mosquitto, running_mosquitto
from tests.stations import FRUGAL


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str


Command = Callable[..., Outcome]
_WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
"""Root without what lets it enter every folder."""


@pytest.fixture
def as_user() -> list[str]:
    """What a command begins with so that the rights of files and folders hold for it."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root enters every folder, and setpriv is not there to give that up")
    done = subprocess.run([*_WITHOUT_RIGHTS, "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"root enters every folder, and may not give that up here: {done.stderr.strip()}")
    return _WITHOUT_RIGHTS


@pytest.fixture
def imagine(monkeypatch: pytest.MonkeyPatch) -> Imagine:
    """Put a card into this machine, as an imagined ONNX Runtime sees it."""

    def put(*, takes_graphs: bool = True) -> ImaginedGpu:
        gpu = ImaginedGpu(takes_graphs=takes_graphs)
        monkeypatch.setitem(sys.modules, "onnxruntime", gpu)
        return gpu

    return put


@pytest.fixture
def replay(command: Command) -> Command:
    """Run `edgevision replay` on the quickest engine."""
    return partial(command, "replay", *FRUGAL)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Command]:
    """Run the command line in this process; output of C libraries is caught as well.

    The log and the handlers of signals, which commands change, are put back.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["edgevision", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capfd.readouterr()
        status = ended.value.code
        return Outcome(status if isinstance(status, int) else 0, captured.out, captured.err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, handler in signals.items():
        signal.signal(number, handler)


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    """A plain Mosquitto for one test."""
    with running_mosquitto() as mosquitto:
        yield mosquitto
