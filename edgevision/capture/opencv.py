"""Live sources through OpenCV: cameras over V4L2, and RTSP and HTTP streams over FFmpeg.

Reads as they come and reports a failed read as None; waiting and reopening is the feed's
business. Credentials appear in no name, message or log line.
"""

import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import cv2
import numpy as np

from edgevision.capture.address import redacted, with_password
from edgevision.config.station import CameraSettings
from edgevision.errors import CameraRefusedSetting, CaptureError
from edgevision.types import Frame

__all__ = ["CameraSource", "Device", "UrlSource"]

_log = logging.getLogger(__name__)

_MANUAL_EXPOSURE = 1.0
"""V4L2_EXPOSURE_MANUAL; in automatic mode an exposure is ignored."""
_TOLERANCE = 0.01


class Device(Protocol):
    """What is used of `cv2.VideoCapture`."""

    def isOpened(self) -> bool: ...  # noqa: N802, D102
    def set(self, prop: int, value: float, /) -> bool: ...  # noqa: D102
    def get(self, prop: int, /) -> float: ...  # noqa: D102
    def grab(self) -> bool: ...  # noqa: D102
    def retrieve(self) -> tuple[bool, Any]: ...  # noqa: D102
    def release(self) -> None: ...  # noqa: D102


class _LiveSource:
    """What both kinds share: frame ids that go on across reopening, and time stamps at `grab`."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._device: Device | None = None
        self._frame_id = 0

    @property
    def name(self) -> str:
        """The address without credentials."""
        return redacted(self._settings.source)

    @property
    def is_live(self) -> bool:
        """True."""
        return True

    @property
    def frames_expected(self) -> int | None:
        """None: nobody knows."""
        return None

    def read(self) -> Frame | None:
        """Return the next frame, stamped when it was grabbed; None when the camera gave nothing."""
        if self._device is None:
            return None
        try:
            if not self._device.grab():
                return None
            captured_ns, wall_ns = time.monotonic_ns(), time.time_ns()
            is_retrieved, image = self._device.retrieve()
        except cv2.error as error:
            msg = f"{self.name}: expected a frame, got an error of OpenCV: {error}; check the camera"
            raise CaptureError(msg) from error
        if not is_retrieved:
            return None
        frame_id = self._frame_id
        self._frame_id += 1
        image_bgr = image.astype(np.uint8, copy=False)
        acquire_ns = time.monotonic_ns() - captured_ns
        return Frame(image_bgr, self._settings.name, frame_id, captured_ns, wall_ns, acquire_ns=acquire_ns)

    def close(self) -> None:
        """Release the device."""
        if self._device is not None:
            self._device.release()
            self._device = None

    def _use(self, device: Device, remedy: str) -> None:
        if not device.isOpened():
            device.release()
            msg = f"{self.name}: expected a camera or stream that can be opened, got none; {remedy}"
            raise CaptureError(msg)
        self._device = device


class UrlSource(_LiveSource):
    """An RTSP or HTTP stream. RTSP runs over TCP unless OPENCV_FFMPEG_CAPTURE_OPTIONS is set."""

    def open(self) -> None:
        """Connect; raises CaptureError after `open_timeout_s`."""
        self.close()
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        settings = self._settings
        parameters = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1e3 * settings.open_timeout_s)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1e3 * settings.read_timeout_s)),
            *(cv2.CAP_PROP_N_THREADS, 1),  # more threads hold back as many frames
        ]
        device = cv2.VideoCapture(self._url(), cv2.CAP_FFMPEG, parameters)
        self._use(device, "check host, path, user and password, and that the stream is being sent")

    def _url(self) -> str:
        path = self._settings.url_password_file
        if path is None:
            return self._settings.source
        try:
            password = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{self.name}: expected the password in {path}, got: {error}; check url_password_file"
            raise CaptureError(msg) from error
        return with_password(self._settings.source, password)


class CameraSource(_LiveSource):
    """A V4L2 camera by index or device path, with its settings applied and read back."""

    def __init__(
        self,
        settings: CameraSettings,
        video_capture: Callable[[str, int], Device] = cv2.VideoCapture,
    ) -> None:
        """Open nothing yet."""
        super().__init__(settings)
        self._video_capture = video_capture

    def open(self) -> None:
        """Open the camera and apply the settings.

        Raises:
            CameraRefusedSetting: A setting was not taken, with `on_refused_setting: error`.
            CaptureError: There is no such camera, or it is in use.
        """
        self.close()
        timeout_s = math.ceil(self._settings.read_timeout_s)
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(timeout_s))
        address = self._settings.source
        path = f"/dev/video{int(address)}" if address.isdigit() else os.path.realpath(address)
        device = self._video_capture(path, cv2.CAP_V4L2)
        self._use(device, f"check that {path} exists, may be read and is not in use by another program")
        refused = _apply(device, _asked(self._settings))
        if not refused:
            return
        msg = (
            f"{self.name}: {'; '.join(refused)}; ask for what the camera offers (v4l2-ctl --list-formats-ext)"
        )
        if self._settings.on_refused_setting == "error":
            self.close()
            raise CameraRefusedSetting(f"{msg}, or set on_refused_setting: warn")
        _log.warning("%s", msg)


def _asked(settings: CameraSettings) -> list[tuple[str, int, float]]:
    """Return name, property and value of each asked setting; the format comes before the size."""
    fourcc = None if settings.fourcc is None else float(cv2.VideoWriter.fourcc(*settings.fourcc))
    wanted = [
        ("fourcc", cv2.CAP_PROP_FOURCC, fourcc),
        ("width", cv2.CAP_PROP_FRAME_WIDTH, settings.width),
        ("height", cv2.CAP_PROP_FRAME_HEIGHT, settings.height),
        ("fps", cv2.CAP_PROP_FPS, settings.fps),
        ("exposure", cv2.CAP_PROP_EXPOSURE, settings.exposure),
        ("gain", cv2.CAP_PROP_GAIN, settings.gain),
    ]
    return [(name, prop, float(value)) for name, prop, value in wanted if value is not None]


def _apply(device: Device, asked: Sequence[tuple[str, int, float]]) -> list[str]:
    """Set everything, then read everything back; returns a phrase for each difference."""
    for name, prop, value in asked:
        if name == "exposure":
            device.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL_EXPOSURE)
        device.set(prop, value)
    refused = []
    for name, prop, value in asked:
        got = device.get(prop)
        tolerance = 0.0 if name in ("fourcc", "width", "height") else _TOLERANCE
        if not math.isclose(got, value, rel_tol=tolerance):
            refused.append(f"{name}: expected {_shown(name, value)}, got {_shown(name, got)}")
    return refused


def _shown(name: str, value: float) -> str:
    if name != "fourcc":
        return f"{value:g}"
    code = int(value) & 0xFFFFFFFF
    return repr(code.to_bytes(4, "little").decode("ascii", "replace"))
