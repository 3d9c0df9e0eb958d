"""The pictures of good parts that a model compares with, read from files and laid over each frame."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edgevision.errors import InspectionError
from edgevision.ops.register import Template, lay_over
from edgevision.ports import References
from edgevision.types import Frame, ImageBgr

__all__ = ["OneReference", "ReferencePerFile", "open_references"]

Box = tuple[int, int, int, int]
_STEM = "{stem}"
_MIN_CORRELATION = 0.7
_MAX_ROTATION_DEG = 10.0
_MAX_SHIFT = 0.1
"""Share of the region's longer side."""


def open_references(base_dir: Path, reference: str) -> References:
    """Return the good part of a recipe's `reference`; raises InspectionError where it cannot be read."""
    if _STEM in reference:
        return ReferencePerFile(lambda stem: base_dir / reference.replace(_STEM, stem))
    return OneReference(_read(base_dir / reference))


class OneReference:
    """The same good part for all frames."""

    def __init__(self, image_bgr: ImageBgr) -> None:
        """Take the picture of the whole frame, as the camera sees it."""
        self._image_bgr = image_bgr
        self._templates: dict[Box, Template] = {}

    def registered(self, frame: Frame, box_xyxy: Box) -> ImageBgr:
        """Return the good part as it would lie in that box of the frame; raises InspectionError."""
        _check_size(self._image_bgr, frame)
        template = self._templates.get(box_xyxy)
        if template is None:
            template = self._templates[box_xyxy] = Template(_cut(self._image_bgr, box_xyxy))
        return _laid_over(template, frame, box_xyxy)


class ReferencePerFile:
    """A good part for each picture of a folder, read when its picture is inspected."""

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        """`path_of` gives the file for the name of a frame's file, without suffix."""
        self._path_of = path_of

    def registered(self, frame: Frame, box_xyxy: Box) -> ImageBgr:
        """Return the good part as it would lie in that box of the frame; raises InspectionError."""
        if frame.file is None:
            raise InspectionError(
                f"reference: expected frames from image files, got one of {frame.camera} without a name; "
                f"give one picture of the good part, without {_STEM}"
            )
        image_bgr = _read(self._path_of(Path(frame.file).stem))
        _check_size(image_bgr, frame)
        return _laid_over(Template(_cut(image_bgr, box_xyxy)), frame, box_xyxy)


def _read(path: Path) -> ImageBgr:
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except OSError as error:
        raise InspectionError(
            f"reference: expected a picture at {path}, got: {error.strerror}; correct the path"
        ) from error
    except cv2.error:
        image = None
    if image is None:
        raise InspectionError(f"reference: {path} cannot be decoded as a picture; replace it")
    return np.asarray(image, np.uint8)


def _check_size(image_bgr: ImageBgr, frame: Frame) -> None:
    size_wh = image_bgr.shape[1], image_bgr.shape[0]
    if size_wh != frame.size_wh:
        raise InspectionError(
            f"reference: expected {frame.size_wh[0]} x {frame.size_wh[1]} pixels like the frame, got "
            f"{size_wh[0]} x {size_wh[1]}; take the picture with the same camera and settings"
        )


def _laid_over(template: Template, frame: Frame, box: Box) -> ImageBgr:
    picture = _cut(frame.image_bgr, box)
    registration = template.register(picture)
    if registration is None or registration.correlation < _MIN_CORRELATION:
        got = "nothing in common" if registration is None else f"{registration.correlation:.2f}"
        raise InspectionError(
            f"reference: expected a correlation of at least {_MIN_CORRELATION} with the frame, got {got}; "
            "is this the right part, in its place and in focus?"
        )
    most_px = _MAX_SHIFT * max(picture.shape[:2])
    if registration.shift_px > most_px or abs(registration.rotation_deg) > _MAX_ROTATION_DEG:
        raise InspectionError(
            f"reference: expected the part at most {most_px:.0f} px and {_MAX_ROTATION_DEG:.0f} degrees away "
            f"from the reference, got {registration.shift_px:.0f} px and {registration.rotation_deg:.1f}; "
            "place the part better, or take a new reference"
        )
    return lay_over(template, picture, registration)


def _cut(image_bgr: ImageBgr, box: Box) -> ImageBgr:
    left, top, right, bottom = box
    return image_bgr[top:bottom, left:right]
