"""What a station keeps and shows of its pictures: evidence and previews, made from the settings."""

import time

from edgevision.config.document import LoadedRecipe
from edgevision.config.evidence import EvidenceSettings
from edgevision.config.station import Station
from edgevision.daemon.watch import Condition
from edgevision.evidence.folder import FolderDisk
from edgevision.evidence.keeper import EvidenceHealth, EvidenceKeeper
from edgevision.evidence.plan import Plan
from edgevision.evidence.preview import Previewer
from edgevision.evidence.store import EvidenceStore
from edgevision.messages import EvidenceFigures, Severity
from edgevision.mqtt.publisher import Publisher
from edgevision.ports import InspectionSink
from edgevision.types import Inspection

__all__ = ["Keeping", "evidence_conditions"]

_CLOSE_TIMEOUT_S = 60.0
_HURRY_MIN_S = 0.25
_HURRY_MAX_S = 1.0
_PREVIEW_TIMEOUT_S = 0.2


class Keeping:
    """Evidence and previews of a station; either may be switched off."""

    def __init__(self, station: Station) -> None:
        """Compose the evidence; nothing is read or written before `start`."""
        self._preview_settings = station.preview
        self._previewer: Previewer | None = None
        self._plan: Plan | None = None
        self._keeper: EvidenceKeeper | None = None
        if station.evidence is not None:
            folder = station.evidence.folder / station.station
            self._plan = Plan(folder, station.evidence.ok_one_in)
            self._keeper = _keeper(station.evidence, self._plan, station.station)

    @property
    def figures(self) -> EvidenceFigures | None:
        """What became of the evidence; None where none is kept."""
        return self._keeper.figures if self._keeper is not None else None

    def learn(self, recipe: LoadedRecipe) -> None:
        """Note how a recipe wants its images; call before it inspects."""
        if self._plan is not None:
            self._plan.learn(recipe.ref.sha256, recipe.recipe.evidence_image)

    def uri(self, inspection: Inspection) -> str:
        """Return where the evidence of an inspection will be; empty for nowhere."""
        return self._plan.uri(inspection) if self._plan is not None else ""

    def sinks(self, publisher: Publisher | None) -> list[InspectionSink]:
        """Return what takes inspections; previews go through the publisher."""
        if publisher is not None and self._preview_settings is not None:
            self._previewer = Previewer(self._preview_settings, publisher.preview)
        return [sink for sink in (self._keeper, self._previewer) if sink is not None]

    def conditions(self) -> list[Condition]:
        """Return what is wrong with the evidence."""
        return evidence_conditions(self._keeper.health) if self._keeper is not None else []

    def start(self) -> None:
        """Start the threads."""
        for part in (self._keeper, self._previewer):
            if part is not None:
                part.start()

    def close(self, stop_by_s: float | None) -> None:
        """Write what waits; with a time (monotonic) to stop by, for a moment before it only."""
        timeout_s = _CLOSE_TIMEOUT_S
        if stop_by_s is not None:
            timeout_s = min(max(_HURRY_MIN_S, stop_by_s - time.monotonic()), _HURRY_MAX_S)
        if self._previewer is not None:
            self._previewer.close(_PREVIEW_TIMEOUT_S)
        if self._keeper is not None:
            self._keeper.close(timeout_s)


def evidence_conditions(health: EvidenceHealth) -> list[Condition]:
    """Return what people should know of the evidence."""
    found = []
    if health.failure:
        text = f"The pictures of parts cannot be kept: {health.failure}"
        found.append(Condition("evidence_failed", Severity.ERROR, text))
    if health.is_dropping:
        text = (
            "Pictures of parts are lost, because the disk is too slow for them. "
            "Use a faster disk, keep fewer OK parts, or keep JPEG."
        )
        found.append(Condition("evidence_dropped", Severity.ERROR, text))
    if health.is_squeezed:
        text = (
            "No picture of an OK part is left to delete, so the oldest of NG and ND parts are deleted. "
            "Raise evidence.budget_gb or free space if they matter."
        )
        found.append(Condition("evidence_squeezed", Severity.WARNING, text))
    return found


def _keeper(settings: EvidenceSettings, plan: Plan, station: str) -> EvidenceKeeper:
    store = EvidenceStore(
        FolderDisk(settings.folder / station),
        budget_bytes=round(settings.budget_gb * 1e9),
        min_free_bytes=round(settings.min_free_gb * 1e9),
    )
    return EvidenceKeeper(
        plan,
        store,
        station=station,
        waiting_max_bytes=round(settings.waiting_max_mb * 1e6),
        overlay=settings.overlay,
    )
