"""Cuts what is to be recognised out of a picture as its model was trained to see it. Pure.

A matrix is (2, 3) float64 and takes a point (x, y, 1) of the picture into the model's input; as
in OpenCV the centre of the first pixel is (0, 0). Training and the device both use these. Inside, a matrix
is six plain floats: so few numbers are calculated ten times faster than in arrays.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["box_crop", "similarity", "warped"]

Image = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]
Points = npt.NDArray[np.floating]
Size = tuple[int, int]
_Rows = tuple[float, float, float, float, float, float]
"""a, b, x, c, d, y of the matrix ((a, b, x), (c, d, y))."""
_RIM_PX = 2


def similarity(points_xy: Points, template_xy: Points) -> Matrix | None:
    """Return the rotation, scale and shift that bring points nearest to a template, in least squares.

    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE PAMI 13(4), 1991; in the plane, with points as complex numbers, rotation and scale are one quotient.
    A mirror image is never fitted by mirroring.

    Args:
        points_xy: (n, 2), n at least 2.
        template_xy: (n, 2), where they shall come to lie.

    Returns:
        The matrix, or None where the points coincide, or fit no rotation better than another.
    """
    points, template = (np.asarray(given, np.float64) @ (1, 1j) for given in (points_xy, template_xy))
    points_mean, template_mean = points.mean(), template.mean()
    centred = points - points_mean
    variance = np.vdot(centred, centred).real
    turn = np.vdot(centred, template - template_mean)
    if variance < len(points) * np.finfo(np.float64).eps or turn == 0:
        return None
    turn /= variance
    shift = template_mean - turn * points_mean
    return np.array(((turn.real, -turn.imag, shift.real), (turn.imag, turn.real, shift.imag)))


def box_crop(box_xyxy: tuple[float, float, float, float], margin: float, size_wh: Size) -> Matrix:
    """Return the matrix that shows a box as large as fits, centred and with its aspect ratio kept.

    Args:
        box_xyxy: Left, top, right, bottom; (0, 0) is the corner of the first pixel.
        margin: Added at each side, as a share of the box's width and height.
        size_wh: Of the model's input.
    """
    left, top, right, bottom = box_xyxy
    wide, high = (max(side, 1.0) * (1 + 2 * margin) for side in (right - left, bottom - top))
    scale = min(size_wh[0] / wide, size_wh[1] / high)
    shift_x = size_wh[0] / 2 - 0.5 - scale * ((left + right) / 2 - 0.5)
    shift_y = size_wh[1] / 2 - 0.5 - scale * ((top + bottom) / 2 - 0.5)
    return np.array(((scale, 0.0, shift_x), (0.0, scale, shift_y)))


def warped(image: Image, matrix: Matrix, size_wh: Size) -> Image:
    """Return the picture as the matrix shows it; beyond its border the border's pixels go on.

    Strong reductions are halved first, as in `ops.image.stretch`, so that every pixel counts.

    Args:
        image: (H, W) or (H, W, 3).
        matrix: Takes points of the picture into what is returned.
        size_wh: Of what is returned.
    """
    near, rows = _halved(*_cut(image, _rows(matrix), size_wh))
    if near.ndim == 2:
        return _shown(near, rows, size_wh)
    # Of four channels OpenCV warps all at once, in half the time that it takes for three.
    four = _shown(cv2.cvtColor(near, cv2.COLOR_BGR2BGRA), rows, size_wh)
    return np.asarray(cv2.cvtColor(four, cv2.COLOR_BGRA2BGR), np.uint8)


def _shown(image: cv2.typing.MatLike, rows: _Rows, size_wh: Size) -> Image:
    matrix = np.array((rows[:3], rows[3:]))
    shown = cv2.warpAffine(image, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8)


def _rows(matrix: Matrix) -> _Rows:
    (a, b, x), (c, d, y) = matrix.tolist()
    return a, b, x, c, d, y


def _cut(image: Image, rows: _Rows, size_wh: Size) -> tuple[Image, _Rows]:
    """Return the part of the picture that will be seen, and the matrix for it."""
    a, b, x, c, d, y = rows
    back = _inverse(a, b, c, d)
    corners = [(u - x, v - y) for u in (0, size_wh[0]) for v in (0, size_wh[1])]
    left, right = _span([u * back[0] + v * back[1] for u, v in corners], image.shape[1])
    top, bottom = _span([u * back[2] + v * back[3] for u, v in corners], image.shape[0])
    moved = a, b, x + (a * left + b * top), c, d, y + (c * left + d * top)
    return image[top:bottom, left:right], moved


def _inverse(a: float, b: float, c: float, d: float) -> tuple[float, float, float, float]:
    """Return the inverse of ((a, b), (c, d)) by elimination, which is exact where b and c are 0."""
    if abs(a) < abs(c):
        back = _inverse(c, d, a, b)
        return back[1], back[0], back[3], back[2]
    factor = c / a
    low = d - factor * b
    return (1 + b * factor / low) / a, -b / low / a, -factor / low, 1 / low


def _span(seen: Sequence[float], edge: int) -> tuple[int, int]:
    """Return first and last pixel, exclusive, of an axis that holds what is seen, with a rim."""
    low = min(max(math.floor(min(seen)) - _RIM_PX, 0), edge - 1)
    return low, min(max(math.ceil(max(seen)) + _RIM_PX, low + 1), edge)


def _halved(image: Image, rows: _Rows) -> tuple[Image, _Rows]:
    a, b, x, c, d, y = rows
    while a * d - b * c <= 0.25 and min(image.shape[:2]) > 1:
        height, width = image.shape[:2]
        half_wh = (width + 1) // 2, (height + 1) // 2
        image = np.asarray(cv2.resize(image, half_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
        wider, higher = width / half_wh[0], height / half_wh[1]
        x += a * ((wider - 1) / 2) + b * ((higher - 1) / 2)
        y += c * ((wider - 1) / 2) + d * ((higher - 1) / 2)
        a, b, c, d = a * wider, b * higher, c * wider, d * higher
    return image, (a, b, x, c, d, y)
