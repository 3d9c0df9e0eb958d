"""What a station records of its inspected frames, made from the settings."""

from datetime import UTC, datetime

from edgevision.config.station import Station
from edgevision.daemon.watch import Condition
from edgevision.messages import Severity
from edgevision.recording.folder import SessionFolder
from edgevision.recording.recorder import Bounds, Recorder
from edgevision.session import SessionHead

__all__ = ["open_recorder", "recorder_conditions"]


def open_recorder(station: Station) -> Recorder | None:
    """Return the recorder of a station, not started; None where nothing is recorded."""
    settings = station.record
    if settings is None:
        return None
    began = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S.%fZ}"
    folder = settings.folder / station.station / began
    calibrations = {camera.name: camera.px_per_mm for camera in station.cameras}

    def open_session(camera: str) -> SessionFolder:
        head = SessionHead(station=station.station, camera=camera, px_per_mm=calibrations[camera])
        return SessionFolder(folder / camera, head)

    bounds = Bounds(
        max_bytes=round(settings.max_gb * 1e9),
        min_free_bytes=round(settings.min_free_gb * 1e9),
        max_s=None if settings.max_minutes is None else settings.max_minutes * 60,
        waiting_max_bytes=round(settings.waiting_max_mb * 1e6),
    )
    return Recorder(open_session, bounds)


def recorder_conditions(recorder: Recorder) -> list[Condition]:
    """Return what people should know of a recording."""
    found = []
    if recorder.failure:
        text = f"Recording ended early: {recorder.failure}"
        found.append(Condition("record_failed", Severity.ERROR, text))
    if recorder.dropped:
        text = (
            f"{recorder.dropped} frames are not in the recorded session, because the disk is too slow. "
            "Use a faster disk, or record fewer cameras."
        )
        found.append(Condition("record_dropped", Severity.WARNING, text))
    return found
