"""Times a fresh process: how soon it gives its first verdict, and how much memory it needs.

`python -m edgevision.bench.start RECIPE VIDEO` is that process; it prints one line of JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.build import Models
from edgevision.config.document import load_recipe
from edgevision.config.station import EngineSettings
from edgevision.engines.machine import parallel_calls
from edgevision.errors import EdgeVisionError
from edgevision.replay.play import Replay
from edgevision.types import Inspected

__all__ = ["FRAMES", "Started", "measure_start", "peak_resident_mb"]

FRAMES = 100
"""As many frames are inspected; memory no longer grows after the first tens."""


@dataclass(frozen=True, slots=True)
class Started:
    """What one process reported."""

    import_s: float
    first_verdict_s: float
    peak_mb: float


def measure_start(recipe: Path, video: Path) -> Started:
    """Run a process that inspects the first frames of a video with the engine that `auto` remembers.

    Raises:
        EdgeVisionError: the process failed.
    """
    command = [sys.executable, "-m", "edgevision.bench.start", str(recipe), str(video)]
    began_s = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own module
    if done.returncode != 0:
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise EdgeVisionError(
            f"{' '.join(command)}: expected a verdict, got exit status {done.returncode}: {last}; "
            "run it by hand to see why"
        )
    found = json.loads(done.stdout)
    return Started(
        import_s=found["imported_s"] - began_s,
        first_verdict_s=found["first_verdict_s"] - began_s,
        peak_mb=found["peak_mb"],
    )


def peak_resident_mb(status: Path = Path("/proc/self/status")) -> float:
    """Return the largest resident memory of this process so far, in units of 1,000,000 bytes."""
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(fields["VmHWM"].split()[0]) * 1024 / 1e6


class _FirstVerdict:
    """A sink that notes when the first inspection came, on the clock that all processes share."""

    def __init__(self) -> None:
        self.at_s: float | None = None

    def commit(self, batch: Sequence[Inspected]) -> None:
        if batch and self.at_s is None:
            self.at_s = time.monotonic()


def _inspect(recipe: Path, video: str) -> float | None:
    streams = parallel_calls()
    loaded = load_recipe(recipe)
    first = _FirstVerdict()
    models = Models(loaded, EngineSettings(), streams)
    Replay(loaded, models, workers=streams).play([video], [first], frames=FRAMES)
    models.close()
    return first.at_s


def _main() -> None:
    imported_s = time.monotonic()
    at_s = _inspect(Path(sys.argv[1]), sys.argv[2])
    found = {"imported_s": imported_s, "first_verdict_s": at_s, "peak_mb": peak_resident_mb()}
    os.write(1, json.dumps(found).encode())


if __name__ == "__main__":
    _main()
