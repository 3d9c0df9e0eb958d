"""Lays the picture of a good part over another picture: translation and small rotation. Pure.

The first guess is the part's own place, or comes from phase correlation; the rest is done by
maximising the correlation of both pictures (G. Evangelidis and E. Psarakis, "Parametric Image
Alignment Using Enhanced Correlation Coefficient Maximization", PAMI 2008), on reduced grey pictures.
Whether the correlation is enough is for the caller to say. A part on which there is next to nothing to
see cannot be aligned by that; where its picture is nearly the same, it lies where it lies.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.ops.image import stretch, to_model_color

__all__ = ["Registration", "Template", "lay_over"]

Image = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

_REDUCED_PX = 256
_ANGLES_DEG = (0.0, -3.0, 3.0, -6.0, 6.0)
_SURE = 0.95
"""From this correlation on, no other guess is tried."""
_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 1e-4)
_BLUR_PX = 5
_NEAR_PX = 1.0
_BARE_LEVELS = 8.0
"""A template whose grey levels spread less shows next to nothing."""
_SAME_LEVELS = 1.25
"""A picture that differs less from it on average, half a percent of the range, shows no more."""
_SHOWN_LEVELS = 32.0
"""What stands out so far from a template's ground is on the part."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """Where each point of a picture lies in the template, in pixels of both."""

    matrix: Matrix
    """(2, 3): rotation and shift, from the picture to the template."""
    correlation: float
    """Of the pictures laid over each other, reduced and blurred, at most 1; 1 for two nearly bare ones."""
    shift_px: float
    """Of the picture's centre."""
    rotation_deg: float


class Template:
    """A picture of a good part, prepared for being laid over others of its size."""

    def __init__(self, image_bgr: Image) -> None:
        """Take (H, W, 3) uint8."""
        self.image_bgr = image_bgr
        self._grey = _reduced(image_bgr)

    def register(self, picture_bgr: Image) -> Registration | None:
        """Return how the template fits onto a picture of its size; None where nothing fits."""
        grey = _reduced(picture_bgr)
        best: Registration | None = None
        for start in _guesses(grey, self._grey):
            found = _refined(grey, self._grey, start)
            if found is None:
                continue
            if best is None or found[1] > best.correlation:
                best = _at_full_size(*found, grey, picture_bgr)
            if best.correlation >= _SURE:
                return best
        if self._is_as_bare(grey):
            return Registration(np.eye(2, 3), 1.0, 0.0, 0.0)
        return best

    def _is_as_bare(self, grey: Grey) -> bool:
        """Whether there is next to nothing on the part, and that little where the picture has it too."""
        if self._grey.std() >= _BARE_LEVELS:
            return False
        differs, content = np.abs(grey - self._grey), np.abs(self._grey - np.median(self._grey))
        shown = content > _SHOWN_LEVELS
        return bool(differs.mean() < _SAME_LEVELS and differs[shown].sum() <= content[shown].sum() / 2)


def lay_over(template: Template, picture_bgr: Image, registration: Registration) -> Image:
    """Return the template as it lies in the picture; where it ends, the picture shows through.

    Where whole pixels describe the motion well enough nothing is resampled, as that blurs every edge.
    """
    height, width = picture_bgr.shape[:2]
    matrix, flags = registration.matrix, cv2.INTER_LINEAR
    corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)], np.float64)
    moved = corners @ matrix.T - corners[:, :2]
    whole = np.rint(moved.mean(axis=0))
    if np.abs(moved - whole).max() < _NEAR_PX:
        matrix, flags = np.column_stack((np.eye(2), whole)), cv2.INTER_NEAREST
    laid = cv2.warpAffine(
        template.image_bgr,
        matrix,
        (width, height),
        dst=picture_bgr.copy(),
        flags=flags | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    return np.asarray(laid, np.uint8)


def _reduced(image_bgr: Image) -> Grey:
    height, width = image_bgr.shape[:2]
    scale = min(1.0, _REDUCED_PX / max(height, width))
    small = stretch(image_bgr, (max(1, round(width * scale)), max(1, round(height * scale))))
    return to_model_color(small, "GRAY")[:, :, 0].astype(np.float32)


def _guesses(grey: Grey, template: Grey) -> Iterator[Matrix]:
    """Give where to begin: in place, which a repeating pattern cannot mislead, then by phase correlation."""
    yield np.eye(2, 3)
    for angle_deg in _ANGLES_DEG:
        yield _guess(grey, template, angle_deg)


def _guess(grey: Grey, template: Grey, angle_deg: float) -> Matrix:
    """Return (2, 3): the turn by an angle about the centre, and the shift that fits best with it."""
    height, width = grey.shape
    turn = np.asarray(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, 1.0))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(template, turn, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    # It multiplies its arguments by the window.
    shift, _ = cv2.phaseCorrelate(grey.copy(), turned.astype(np.float32), window)
    moved = turn[:, 2] + turn[:, :2] @ np.array(shift)
    return np.column_stack((turn[:, :2], moved)).astype(np.float64)


def _refined(grey: Grey, template: Grey, start: Matrix) -> tuple[Matrix, float] | None:
    try:
        correlation, matrix = cv2.findTransformECC(
            grey,
            template,
            start.astype(np.float32),
            cv2.MOTION_EUCLIDEAN,
            _STEPS,
            np.ones_like(grey, np.uint8),
            _BLUR_PX,
        )
    except cv2.error:  # It says so when the pictures have nothing in common.
        return None
    return (np.asarray(matrix, np.float64), correlation) if math.isfinite(correlation) else None


def _at_full_size(matrix: Matrix, correlation: float, grey: Grey, picture: Image) -> Registration:
    height, width = picture.shape[:2]
    x_scale, y_scale = grey.shape[1] / width, grey.shape[0] / height
    # Pixel centres lie at whole numbers here.
    reduce = np.array(
        [(x_scale, 0, x_scale / 2 - 0.5), (0, y_scale, y_scale / 2 - 0.5), (0, 0, 1)], np.float64
    )
    full = np.linalg.inv(reduce) @ np.vstack((matrix, (0, 0, 1))) @ reduce
    centre = np.array(((width - 1) / 2, (height - 1) / 2, 1))
    shift = (full @ centre - centre)[:2]
    rotation_deg = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
    return Registration(full[:2], correlation, float(np.hypot(*shift)), rotation_deg)
