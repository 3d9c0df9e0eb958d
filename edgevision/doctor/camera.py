"""Whether a camera opens and gives pictures of the asked size and rate."""

import time
from collections.abc import Iterator

from edgevision.build import open_feed
from edgevision.capture.address import kind_of
from edgevision.config.station import CameraSettings
from edgevision.doctor.findings import Examination, Finding, failed, fine, refused, warned
from edgevision.errors import CaptureError
from edgevision.ports import Feed
from edgevision.types import Frame

__all__ = ["check_camera", "rate_hz"]

_WATCHED_S = 1.0
_SLOW = 0.8
"""Below this share of the asked rate a camera counts as slow."""


def check_camera(camera: CameraSettings) -> Examination:
    """Open the camera as the station does, and look at what comes."""
    name = f"camera.{camera.name}"
    try:
        feed = open_feed(camera, frames=1)
        feed.start()
    except CaptureError as error:
        yield refused(name, error)
        return
    try:
        yield from _watch(name, camera, feed)
    except CaptureError as error:
        yield refused(name, error)
    finally:
        feed.stop()


def rate_hz(first: Frame, last: Frame) -> float | None:
    """Return how many frames a second came, skipped ones too; None when two are not there."""
    lasted_ns = last.captured_ns - first.captured_ns
    return (last.frame_id - first.frame_id) * 1e9 / lasted_ns if lasted_ns > 0 else None


def _watch(name: str, camera: CameraSettings, feed: Feed) -> Iterator[Finding]:
    patience_s = camera.open_timeout_s + camera.read_timeout_s
    first = feed.take(patience_s)
    if first is None:
        silence = f"no picture within {patience_s:g} s; check the camera and its cable"
        yield refused(name, feed.counters.last_error or silence)
        return
    width, height = first.size_wh
    asked = (camera.width or width, camera.height or height)
    if asked != first.size_wh:
        text = f"gives {width} x {height} instead of {asked[0]} x {asked[1]}"
        remedy = "ask for a size that the camera offers (v4l2-ctl --list-formats-ext)"
        yield (failed if camera.on_refused_setting == "error" else warned)(name, text, remedy)
        return
    if kind_of(camera.source) not in ("camera", "url"):
        yield fine(name, f"a recording; its first picture has {width} x {height}")
        return
    yield _rate_finding(name, camera, f"{width} x {height}", rate_hz(first, _last(feed, first)))


def _last(feed: Feed, first: Frame) -> Frame:
    """Return the newest frame after a while."""
    last, until_s = first, time.monotonic() + _WATCHED_S
    while (remaining_s := until_s - time.monotonic()) > 0:
        last = feed.take(remaining_s) or last
    return last


def _rate_finding(name: str, camera: CameraSettings, size: str, rate: float | None) -> Finding:
    if rate is None:
        remedy = "check the exposure time and the cable"
        return warned(name, f"{size}, but only one picture within {_WATCHED_S:g} s", remedy)
    if camera.fps is not None and rate < _SLOW * camera.fps:
        remedy = "shorten the exposure, choose another format (fourcc), or lower fps"
        return warned(name, f"{size} at {rate:.1f} a second instead of {camera.fps:g}", remedy)
    return fine(name, f"{size} at {rate:.1f} a second")
