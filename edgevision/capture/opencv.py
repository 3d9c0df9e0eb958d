"""Live sources through OpenCV: cameras over V4L2, and RTSP and HTTP streams over FFmpeg.

Reads as they come and reports a failed read as None; waiting and reopening is the feed's
business. Credentials appear in no name, message or log line. MJPEG streams are decoded here,
picture by picture: FFmpeg would fill up cut ones with grey and stretch other sizes to the first.
"""

import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from edgevision.capture.address import redacted, with_password
from edgevision.capture.asked import Device, apply, asked, asked_size, differences, letters
from edgevision.capture.reach import require_listener
from edgevision.config.station import CameraSettings
from edgevision.errors import CameraRefusedSetting, CaptureError, DamagedFrame
from edgevision.paths import OTHER, found_at
from edgevision.types import Frame, ImageBgr

__all__ = ["CameraSource", "UrlSource"]

_log = logging.getLogger(__name__)

_MJPG = cv2.VideoWriter.fourcc(*"MJPG")
_JPEG_BEGINS = b"\xff\xd8\xff"
_UNDECODED = -1.0
"""As CAP_PROP_FORMAT: `retrieve` gives what the camera sent."""


class _LiveSource:
    """What both kinds share: frame ids that go on across reopening, and time stamps at `grab`."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._device: Device | None = None
        self._frame_id = 0
        self._is_jpeg = False
        self._pixel_format = ""

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
            is_retrieved, picture = self._device.retrieve()
        except cv2.error as error:
            msg = f"{self.name}: expected a frame, got an error of OpenCV: {error}; check the camera"
            raise CaptureError(msg) from error
        image_bgr = self._image(picture if is_retrieved else None)
        frame_id = self._frame_id
        self._frame_id += 1
        return Frame(
            image_bgr,
            self._settings.name,
            frame_id,
            captured_ns,
            wall_ns,
            acquire_ns=time.monotonic_ns() - captured_ns,
            pixel_format=self._pixel_format,
        )

    def close(self) -> None:
        """Release the device."""
        if self._device is not None:
            self._device.release()
            self._device = None

    def _image(self, picture: Any) -> ImageBgr:
        """Return what `retrieve` gave as a BGR picture."""
        if self._is_jpeg and picture is not None:
            picture = _decoded(picture)
        if picture is None:
            msg = f"{self.name}: expected a whole picture, got a damaged one; check cable and network"
            raise DamagedFrame(msg)
        if self._is_jpeg:
            self._pixel_format = "MJPG" if picture.ndim == 3 else "MJPG without colour"
            if picture.ndim == 2:
                picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            msg = (
                f"{self.name}: expected pictures of 3 x 8 bits a pixel, got {picture.shape} {picture.dtype}; "
                "set fourcc to a format that can be converted, such as MJPG or YUYV"
            )
            raise CaptureError(msg)
        return np.asarray(picture, np.uint8)

    def _use(self, device: Device, remedy: str) -> None:
        if not device.isOpened():
            device.release()
            msg = f"{self.name}: expected a camera or stream that can be opened, got none; {remedy}"
            raise CaptureError(msg)
        self._device = device

    def _refuse_or_warn(self, refused: Sequence[str], remedy: str) -> None:
        if not refused:
            return
        msg = f"{self.name}: {'; '.join(refused)}; {remedy}"
        if self._settings.on_refused_setting == "error":
            self.close()
            raise CameraRefusedSetting(f"{msg}, or set on_refused_setting: warn")
        _log.warning("%s", msg)


class UrlSource(_LiveSource):
    """An RTSP or HTTP stream. RTSP runs over TCP unless OPENCV_FFMPEG_CAPTURE_OPTIONS is set."""

    def open(self) -> None:
        """Connect, at once or after `open_timeout_s`.

        Raises:
            CameraRefusedSetting: The stream has another size, with `on_refused_setting: error`.
            CaptureError: Nobody answers, or there is no such stream.
        """
        self.close()
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        url = self._url()
        require_listener(url, self.name)
        settings = self._settings
        parameters = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1e3 * settings.open_timeout_s)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1e3 * settings.read_timeout_s)),
            *(cv2.CAP_PROP_N_THREADS, 1),  # more threads hold back as many frames
        ]
        device = cv2.VideoCapture(url, cv2.CAP_FFMPEG, parameters)
        self._use(device, "check host, path, user and password, and that the stream is being sent")
        self._refuse_or_warn(differences(device, asked_size(settings)), "ask for what the camera sends")
        self._is_jpeg = int(device.get(cv2.CAP_PROP_FOURCC)) == _MJPG
        if self._is_jpeg:
            device.set(cv2.CAP_PROP_FORMAT, _UNDECODED)
        self._pixel_format = letters(device.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT))

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
        video_capture: Callable[[str, int], Device] | None = None,
    ) -> None:
        """Open nothing yet."""
        super().__init__(settings)
        self._video_capture = video_capture or _camera

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
        refused = apply(device, asked(self._settings))
        self._refuse_or_warn(refused, "ask for what the camera offers (v4l2-ctl --list-formats-ext)")
        self._pixel_format = letters(device.get(cv2.CAP_PROP_FOURCC))


def _decoded(jpeg: Any) -> Any:
    """Return the picture, None for a damaged one; not turned as its metadata may ask.

    Rubbish would set OpenCV's other decoders going, for every kind of picture that it happens to begin like.
    """
    if jpeg.reshape(-1)[: len(_JPEG_BEGINS)].tobytes() != _JPEG_BEGINS:
        return None
    try:
        return cv2.imdecode(jpeg.reshape(-1), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None


def _camera(path: str, api: int) -> Device:
    """Open a camera. OpenCV itself would complain on stderr about each try to open one that is not there."""
    if (found := found_at(path)) != OTHER:
        msg = f"{path}: expected a camera, got {found}; check that {path} exists and the camera is plugged in"
        raise CaptureError(msg)
    return cv2.VideoCapture(path, api)
