"""Records what the cameras of a station show, without inspecting it.

Every frame of a recording is taken, of a camera each one that is the newest when the one before it is
written. Frames are not paired with triggers here: the daemon does that, and records it when asked.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edgevision.build import open_feed
from edgevision.config.station import CameraSettings, Station
from edgevision.ports import Feed
from edgevision.recording.folder import SessionFolder
from edgevision.session import SessionHead

__all__ = ["Limits", "Recorded", "record"]

_TAKE_TIMEOUT_S = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Where each camera's recording ends."""

    frames: int | None
    seconds: float | None
    max_bytes: int
    min_free_bytes: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one camera."""

    folder: Path
    frames: int
    skipped: int
    """Pictures of the camera that came while an earlier one was being written."""
    size_bytes: int
    is_full: bool
    """It ended for want of room."""


def record(station: Station, out: Path, limits: Limits, stop: threading.Event) -> list[Recorded]:
    """Record each camera into `out`/CAMERA until its limit, `stop`, or the end of its recording.

    Raises:
        CaptureError: a source cannot be opened, or a recording is damaged; what was read is recorded.
        OutputError: a session cannot be written.
    """
    feeds = [open_feed(camera, limits.frames) for camera in station.cameras]
    sessions = [_session(station, camera, out) for camera in station.cameras]
    with ThreadPoolExecutor(len(feeds)) as pool:
        ends = [
            pool.submit(_record, feed, session, out / feed.camera, limits, stop)
            for feed, session in zip(feeds, sessions, strict=True)
        ]
    return [end.result() for end in ends]


def _session(station: Station, camera: CameraSettings, out: Path) -> SessionFolder:
    head = SessionHead(station=station.station, camera=camera.name, px_per_mm=camera.px_per_mm)
    return SessionFolder(out / camera.name, head)


def _record(
    feed: Feed, session: SessionFolder, folder: Path, limits: Limits, stop: threading.Event
) -> Recorded:
    frames = size_bytes = 0
    is_full = False
    end_s = None if limits.seconds is None else time.monotonic() + limits.seconds
    feed.start()
    try:
        while not (stop.is_set() or feed.ended or is_full or frames == limits.frames):
            if end_s is not None and time.monotonic() >= end_s:
                break
            frame = feed.take(_TAKE_TIMEOUT_S)
            if frame is None:
                continue
            room = min(limits.max_bytes - size_bytes, session.free_bytes() - limits.min_free_bytes)
            is_full = frame.image_bgr.nbytes > room
            if not is_full:
                size_bytes += session.add(frame)
                frames += 1
    finally:
        feed.stop()
        session.close()
    return Recorded(folder, frames, feed.counters.frames_skipped, size_bytes, is_full)
