"""The inputs of a replay: what an address stands for, and how it is opened."""

from collections.abc import Sequence
from pathlib import Path

from edgevision.build import open_feed
from edgevision.capture.address import kind_of, redacted
from edgevision.capture.session import read_head
from edgevision.config.station import CameraSettings
from edgevision.errors import UsageError
from edgevision.ports import Feed
from edgevision.session import HEAD_FILE

__all__ = ["CAMERA", "calibration_of", "expanded", "open_recordings"]

CAMERA = "replay"
_LEVELS = 3
"""Sessions lie at most so deep below the folder of recordings: station, start, camera."""


def expanded(inputs: Sequence[str]) -> list[str]:
    """Return the inputs with a folder of recorded sessions replaced by them, in order of time and name."""
    found = []
    for address in inputs:
        found += _sessions_below(address) or [address]
    return found


def open_recordings(inputs: Sequence[str], frames: int | None) -> list[Feed]:
    """Return the feeds of recordings, not started.

    Raises:
        CaptureError: an input names nothing that can be opened.
        UsageError: an input would never end.
    """
    return [_open_recording(address, frames) for address in inputs]


def calibration_of(address: str) -> float | None:
    """Return the pixels per millimetre of a recorded session; None of anything else, and where unknown."""
    return read_head(Path(address)).px_per_mm if kind_of(address) == "session" else None


def _sessions_below(address: str) -> list[str]:
    path = Path(address)
    if kind_of(address) != "folder" or not path.is_dir():
        return []
    depths = ("/".join(["*"] * depth) for depth in range(1, _LEVELS + 1))
    return sorted(str(head.parent) for depth in depths for head in path.glob(f"{depth}/{HEAD_FILE}"))


def _open_recording(address: str, frames: int | None) -> Feed:
    kind = kind_of(address)
    if kind in ("camera", "url"):
        raise UsageError(
            f"{redacted(address)}: expected a recording, got a live source, of which frames would be lost; "
            "record it first by edgevision record, or inspect it with edgevision run"
        )
    if kind == "sample" and frames is None:
        raise UsageError(f"{address}: the sample line never ends; say how many parts with --frames")
    return open_feed(CameraSettings(name=CAMERA, source=address), frames)
