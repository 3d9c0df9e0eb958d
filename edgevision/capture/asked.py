"""What is asked of a camera through OpenCV, and what it answers. Opens and reads nothing."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import cv2

from edgevision.config.station import CameraSettings

__all__ = ["Asked", "Device", "apply", "asked", "asked_size", "differences", "letters"]

_MANUAL_EXPOSURE = 1.0
"""V4L2_EXPOSURE_MANUAL; in automatic mode an exposure is ignored."""
_TOLERANCE = 0.01

Asked = tuple[str, int, float]
"""Name, property and value of a setting."""


class Device(Protocol):
    """What is used of `cv2.VideoCapture`."""

    def isOpened(self) -> bool: ...  # noqa: N802, D102
    def set(self, prop: int, value: float, /) -> bool: ...  # noqa: D102
    def get(self, prop: int, /) -> float: ...  # noqa: D102
    def grab(self) -> bool: ...  # noqa: D102
    def retrieve(self) -> tuple[bool, Any]: ...  # noqa: D102
    def release(self) -> None: ...  # noqa: D102


def asked(settings: CameraSettings) -> list[Asked]:
    """Return name, property and value of each asked setting; the format comes before the size."""
    fourcc = None if settings.fourcc is None else float(cv2.VideoWriter.fourcc(*settings.fourcc))
    wanted = [
        ("fps", cv2.CAP_PROP_FPS, settings.fps),
        ("exposure", cv2.CAP_PROP_EXPOSURE, settings.exposure),
        ("gain", cv2.CAP_PROP_GAIN, settings.gain),
    ]
    format_first = [] if fourcc is None else [("fourcc", cv2.CAP_PROP_FOURCC, fourcc)]
    return [*format_first, *asked_size(settings), *_given(wanted)]


def asked_size(settings: CameraSettings) -> list[Asked]:
    """Return the asked width and height."""
    width = ("width", cv2.CAP_PROP_FRAME_WIDTH, settings.width)
    return _given([width, ("height", cv2.CAP_PROP_FRAME_HEIGHT, settings.height)])


def _given(wanted: Sequence[tuple[str, int, float | None]]) -> list[Asked]:
    return [(name, prop, float(value)) for name, prop, value in wanted if value is not None]


def apply(device: Device, settings: Sequence[Asked]) -> list[str]:
    """Set everything, then read everything back; returns a phrase for each difference."""
    for name, prop, value in settings:
        if name == "exposure":
            device.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL_EXPOSURE)
        device.set(prop, value)
    return differences(device, settings)


def differences(device: Device, settings: Sequence[Asked]) -> list[str]:
    """Return a phrase for each setting that reads back as something else."""
    refused = []
    for name, prop, value in settings:
        got = device.get(prop)
        tolerance = 0.0 if name in ("fourcc", "width", "height") else _TOLERANCE
        if not math.isclose(got, value, rel_tol=tolerance):
            refused.append(f"{name}: expected {_shown(name, value)}, got {_shown(name, got)}")
    return refused


def _shown(name: str, value: float) -> str:
    return repr(letters(value)) if name == "fourcc" else f"{value:g}"


def letters(fourcc: float) -> str:
    """Return the letters of a format, at most four; none where the device does not know."""
    code = max(0, int(fourcc)) & 0xFFFFFFFF
    return code.to_bytes(4, "little").decode("ascii", "replace").rstrip("\0 ")
