"""A video file as a source: every frame in order, and a plain report when some are missing.

Pixels and order are those of `cv2.VideoCapture`. A failed read is not taken for the end
at once, because later frames of a damaged file may still be readable.
"""

import os
import time
from pathlib import Path

import cv2
import numpy as np

from edgevision.capture.container import Completeness, Count, examine, has_broken_blocks
from edgevision.capture.folder import printable_name
from edgevision.errors import CaptureError, TruncatedInput
from edgevision.types import Frame, ImageBgr

__all__ = ["VideoSource", "decoder_threads"]

_BYTES_PER_FRAME_MIN = 8
_TRIES_MIN = 30
_TRIES_MAX = 1_000_000
"""A try after the end costs less than a microsecond."""
_END_SLACK_TICKS = 1.5


def decoder_threads(cores: int) -> int:
    """Return how many threads decode: one a core pair, at most four.

    One thread needs 10 to 15 % less CPU a frame than several, and the other cores are
    busy with the model; more are needed only where one could not feed all cores.
    """
    return max(1, min(4, cores // 2))


class VideoSource:
    """One video file, decoded by FFmpeg inside OpenCV."""

    def __init__(self, path: Path, camera: str) -> None:
        """Look at nothing yet."""
        self._path = path
        self._camera = camera
        self._capture: cv2.VideoCapture | None = None
        self._first: Frame | None = None
        self._container = Completeness(is_cut=False, count=Count.ESTIMATE)
        self._frames_expected: int | None = None
        self._fps = 0.0
        self._position_s = 0.0
        self._frame_id = 0
        self._frames_failed = 0

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    @property
    def is_live(self) -> bool:
        """False: a file waits."""
        return False

    @property
    def frames_expected(self) -> int | None:
        """How many frames the container says, an estimate in some formats; None before `open`."""
        return self._frames_expected

    def open(self) -> None:
        """Open the file at its first frame; raises CaptureError, too, when it holds no readable frame."""
        self.close()
        self._container = examine(self._path)
        threads = decoder_threads(len(os.sched_getaffinity(0)))
        self._capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
        self._fps = self._capture.get(cv2.CAP_PROP_FPS)
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        is_sane = 0 < count <= self._path.stat().st_size / _BYTES_PER_FRAME_MIN
        self._frames_expected = round(count) if is_sane else None
        self._frame_id = self._frames_failed = 0
        self._first = self._decode(self._capture)
        if self._first is None:
            self.close()
            raise CaptureError(_no_frame(self._path))

    def read(self) -> Frame | None:
        """Return the next readable frame.

        Raises:
            TruncatedInput: Once at the end, when frames are missing.
        """
        if self._capture is None:
            return None
        frame, self._first = self._first, None
        frame = frame or self._decode(self._capture)
        if frame is None:
            self.close()
            self._check_complete()
        return frame

    def close(self) -> None:
        """Close the file."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _decode(self, capture: cv2.VideoCapture) -> Frame | None:
        missing = (self._frames_expected or 0) - self._frame_id
        started_ns = time.monotonic_ns()
        tries = 1 if missing == 0 else min(max(missing, _TRIES_MIN), _TRIES_MAX)
        for failed in range(tries):
            is_read, image = capture.read()
            if is_read:
                self._frames_failed += failed
                image_bgr = image.astype(np.uint8, copy=False)
                acquire_ns = time.monotonic_ns() - started_ns
                return self._frame(image_bgr, capture.get(cv2.CAP_PROP_POS_MSEC), acquire_ns)
        return None

    def _frame(self, image_bgr: ImageBgr, position_ms: float, acquire_ns: int) -> Frame:
        frame_id = self._frame_id
        self._frame_id += 1
        is_timed = position_ms > 0.0 or self._fps <= 0.0
        self._position_s = max(0.0, position_ms / 1e3) if is_timed else frame_id / self._fps
        wall_ns = round(1e9 * self._position_s)
        file = printable_name(self._path)
        return Frame(image_bgr, self._camera, frame_id, 0, wall_ns, file=file, acquire_ns=acquire_ns)

    def _check_complete(self) -> None:
        found = []
        if self._container.is_cut:
            found.append("the file is shorter than it says")
        if self._frames_failed:
            found.append(f"{self._frames_failed} reads gave no frame")
        if self._is_count_short:
            found.append("frames are missing")
        if found:
            expected = _shown(self._frames_expected, self._container.count)
            msg = (
                f"{self._path}: expected {expected}, read {self._frame_id}: {' and '.join(found)}; "
                "every readable frame was processed; copy or record the file again"
            )
            raise TruncatedInput(msg)

    @property
    def _is_count_short(self) -> bool:
        if self._frames_expected is None or self._frame_id >= self._frames_expected:
            return False
        if self._container.count is Count.TICKS and self._fps > 0.0:
            return self._position_s + _END_SLACK_TICKS / self._fps < self._frames_expected / self._fps
        return self._container.count is Count.PICTURES or has_broken_blocks(self._path)


def _shown(frames: int | None, count: Count) -> str:
    if frames is None:
        return "more frames"
    return f"about {frames} frames" if count is Count.ESTIMATE else f"{frames} frames"


def _no_frame(path: Path) -> str:
    size = path.stat().st_size
    got = "an empty file" if size == 0 else f"{size} bytes without a readable frame"
    return (
        f"{path}: expected a video that FFmpeg can decode (mp4, mkv, avi, mov, webm, gif, …), got {got}; "
        "a recording that was cut off before its index was written must be repaired or recorded again"
    )
