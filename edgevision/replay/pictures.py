"""Finds the pictures of results in the recordings they came from, as small JPEGs for a report."""

from collections.abc import Collection, Iterator, Sequence

from edgevision.compare import Key, Keys
from edgevision.errors import TruncatedInput
from edgevision.ops.image import stretch
from edgevision.ops.jpeg import jpeg
from edgevision.ports import Feed
from edgevision.replay.inputs import open_recordings
from edgevision.types import Frame, ImageBgr

__all__ = ["find_pictures"]

_WIDTH_PX = 320
_QUALITY = 72
_TAKE_TIMEOUT_S = 1.0


def find_pictures(inputs: Sequence[str], wanted: Collection[Key], frames: int | None) -> dict[Key, bytes]:
    """Return the JPEG of each wanted frame that the inputs have, reading them no further than needed.

    Args:
        inputs: Recordings, in the order in which they were inspected.
        wanted: The keys of results.
        frames: How many frames of each input were inspected, at most.

    Raises:
        CaptureError: an input cannot be opened.
        UsageError: an input would never end.
    """
    found: dict[Key, bytes] = {}
    missing, keys = set(wanted), Keys()
    for feed in open_recordings(inputs, frames):
        if not missing:
            break
        for frame in _frames(feed, frames):
            key = keys.next(frame.file or frame.camera, frame.frame_id)
            if key in missing:
                found[key] = _thumbnail(frame.image_bgr)
                missing.remove(key)
                if not missing:
                    break
    return found


def _frames(feed: Feed, limit: int | None) -> Iterator[Frame]:
    """Give the frames of a recording that can be read; its damage has been told by the replay."""
    given = 0
    feed.start()
    try:
        while not feed.ended and given != limit:
            frame = feed.take(_TAKE_TIMEOUT_S)
            if frame is not None:
                given += 1
                yield frame
    except TruncatedInput:
        return
    finally:
        feed.stop()


def _thumbnail(image_bgr: ImageBgr) -> bytes:
    height, width = image_bgr.shape[:2]
    if width > _WIDTH_PX:
        image_bgr = stretch(image_bgr, (_WIDTH_PX, max(1, round(height * _WIDTH_PX / width))))
    return jpeg(image_bgr, _QUALITY)
