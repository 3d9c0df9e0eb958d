from dataclasses import dataclass, field
from typing import Any

import pytest

from edgevision.dashboard.intake import Intake
from edgevision.dashboard.plant import Plant
from tests.plants import Said, Station
from tests.unit.dashboard.keepers import Kept

START_MS = 1_795_600_000_000


@dataclass
class Floor:
    """A live state with its intake, a keeper that remembers, and a clock that stands still."""

    now_ms: int = START_MS
    kept: Kept = field(default_factory=Kept)
    station: Station = field(default_factory=Station)

    def __post_init__(self) -> None:
        self.plant = Plant(self.kept, 8.0, lambda: self.now_ms)
        self.intake = Intake(self.plant, "edgevision")

    @property
    def now_ns(self) -> int:
        return self.now_ms * 1_000_000

    def hear(self, *said: Said) -> None:
        for topic, payload, is_retained in said:
            self.intake.take(topic, payload, is_retained)

    def shown(self, station: str = "line1") -> dict[str, Any]:
        """What a page that has just been opened gets."""
        live = self.plant.station(station)
        assert live is not None
        return live.changes(0)


@pytest.fixture
def floor() -> Floor:
    return Floor()
