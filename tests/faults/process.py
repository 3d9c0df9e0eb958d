"""The daemon as a process, looked at from outside through /proc."""

import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stations import COMMAND

__all__ = ["Process", "Sample", "Sampler", "running_daemon"]

UNIT = Path(__file__).parents[2] / "systemd/edgevision@.service"
PATIENCE_S = 300.0
SAMPLE_EVERY_S = 0.5
_LOOKS = 9


@dataclass(frozen=True)
class Sample:
    """What the process holds at one moment."""

    at_s: float
    rss_mb: float
    files: int
    threads: int


class Process:
    """A daemon that is looked at from outside."""

    def __init__(self, station: Path, log: Path) -> None:
        command, environment = [*COMMAND, "run", "-c", str(station)], os.environ | unit_environment()
        with log.open("w") as stream:
            self._process = subprocess.Popen(command, stderr=stream, env=environment)
        self.pid = self._process.pid
        self._folder = Path("/proc", str(self.pid))
        self.samples: list[Sample] = []

    def sample(self) -> Sample:
        """Look, and keep what was seen."""
        status = (self._folder / "status").read_text()
        rss_kb, threads = (int(re.findall(rf"{name}:\s+(\d+)", status)[0]) for name in ("VmRSS", "Threads"))
        files = len(list((self._folder / "fd").iterdir()))
        self.samples.append(Sample(time.monotonic(), rss_kb / 1e3, files, threads))
        return self.samples[-1]

    def wait_for(self, wanted: Callable[[Sample], bool]) -> Sample:
        """Look until it is as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while not wanted(sample := self.sample()):
            assert time.monotonic() < deadline, sample
            time.sleep(SAMPLE_EVERY_S)  # another process tells nothing by itself
        return sample

    def usual(self) -> Sample:
        """Look some times and return what was seen most often: some files are open for a moment only."""
        seen = [self.sample()]
        while len(seen) < _LOOKS:
            time.sleep(SAMPLE_EVERY_S)
            seen.append(self.sample())
        held = Counter((sample.files, sample.threads) for sample in seen)
        return max(seen, key=lambda sample: held[sample.files, sample.threads])

    def end(self) -> int:
        """Stop it in order and return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """Make sure that it is gone."""
        self._process.kill()
        self._process.wait(PATIENCE_S)


def unit_environment() -> dict[str, str]:
    """Return what the service's unit puts into the environment of a station."""
    lines = re.findall(r"^Environment=(\w+)=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert lines
    return dict(lines)


class Sampler(threading.Thread):
    """Samples a process until it is stopped."""

    def __init__(self, process: Process) -> None:
        super().__init__(daemon=True)
        self._process, self._over = process, threading.Event()

    def run(self) -> None:
        while not self._over.wait(SAMPLE_EVERY_S):
            self._process.sample()

    def stop(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def running_daemon(station: Path, log: Path) -> Iterator[Process]:
    """Run a station; it is gone at the end, whatever happens."""
    process = Process(station, log)
    try:
        yield process
    finally:
        process.kill()
