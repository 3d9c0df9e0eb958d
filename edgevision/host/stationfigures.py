"""What the metrics page tells of a station at one moment. A plain value; finding it out is not done here."""

from collections.abc import Mapping
from dataclasses import dataclass

from edgevision.messages import CameraFigures, EvidenceFigures, MachineState, OutboxFigures
from edgevision.types import RecipeRef

__all__ = ["StationFigures"]

_READY = (MachineState.READY, MachineState.SINGLE_EXECUTION, MachineState.CONTINUOUS_EXECUTION)


@dataclass(frozen=True, slots=True, eq=False)
class StationFigures:
    """State, troubles and counts since the start."""

    station: str
    version: str
    recipe: RecipeRef
    state: MachineState | None
    """None before the first, and while the recipe changes."""
    troubles: tuple[str, ...]
    """Why parts are not judged, or not all of them: a sentence for people each."""
    cameras: Mapping[str, CameraFigures]
    outbox: OutboxFigures | None = None
    """None, as the next, without a broker."""
    is_connected: bool | None = None
    evidence: EvidenceFigures | None = None
    """None where none is kept."""

    @property
    def is_ready(self) -> bool:
        """True when models are loaded and parts are, or would be, judged."""
        return self.state in _READY

    @property
    def is_inspecting(self) -> bool:
        """True when every part that comes is judged."""
        return self.is_ready and not self.troubles
