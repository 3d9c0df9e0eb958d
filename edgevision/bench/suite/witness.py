"""What a live station's surroundings saw: when pictures left the camera, when results came."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Self

from edgevision.errors import EdgeVisionError

__all__ = ["Arrival", "Surroundings", "Witness"]

_END_S = 10.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One result at the subscriber."""

    station: str
    frame_id: int
    at_ns: int
    """On the clock that all processes share, as all times here."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What was seen."""

    sent_ns: tuple[int, ...]
    """When each picture left the camera."""
    arrivals: tuple[Arrival, ...]


class Surroundings:
    """The process of `suite.surroundings`; a context manager. `url` is the camera's, `port` the broker's."""

    def __init__(self, fps: float) -> None:
        """Start it; raises EdgeVisionError where there is no broker."""
        command = [sys.executable, "-m", "edgevision.bench.suite.surroundings", str(fps)]
        self._process = subprocess.Popen(  # noqa: S603  our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        found = self._answer()
        self.url: str = found["url"]
        self.port: int = found["port"]
        self.broker: str = found["broker"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it: it goes when its standard input is closed, and takes the broker along."""
        try:
            self._process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def witness(self, results: int) -> Witness:
        """Return what was seen, as soon as so many results have arrived or no more come. Once."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{results}\n")
        self._process.stdin.flush()
        found = self._answer()
        return Witness(tuple(found["sent_ns"]), tuple(Arrival(*arrival) for arrival in found["arrivals"]))

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            return answer
        _, said = self._process.communicate()
        last = (said.strip() or "it said nothing").splitlines()[-1]
        raise EdgeVisionError(f"camera and broker of the benchmark: ended early: {last}")
