"""Cuts what is to be recognised out of a picture as its model was trained to see it. Pure.

A matrix is (2, 3) float64 and takes a point (x, y, 1) of the picture into the model's input; as
in OpenCV the centre of the first pixel is (0, 0). Training and the device both use these.
"""

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["box_crop", "similarity", "warped"]

Image = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]
Points = npt.NDArray[np.floating]
Size = tuple[int, int]
_RIM_PX = 2


def similarity(points_xy: Points, template_xy: Points) -> Matrix | None:
    """Return the rotation, scale and shift that bring points nearest to a template, in least squares.

    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE PAMI 13(4), 1991. A mirror image is never fitted by mirroring.

    Args:
        points_xy: (n, 2), n at least 2.
        template_xy: (n, 2), where they shall come to lie.

    Returns:
        The matrix, or None where the points coincide.
    """
    points, template = np.asarray(points_xy, np.float64), np.asarray(template_xy, np.float64)
    points_mean, template_mean = points.mean(axis=0), template.mean(axis=0)
    centred = points - points_mean
    variance = (centred**2).sum() / len(points)
    if variance < np.finfo(np.float64).eps:
        return None
    covariance = (template - template_mean).T @ centred / len(points)
    left, singular, right = np.linalg.svd(covariance)
    signs = np.array((1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0))
    rotation = left @ np.diag(signs) @ right
    linear = rotation * (singular @ signs) / variance
    return np.column_stack((linear, template_mean - linear @ points_mean))


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
    middle = np.array(((left + right) / 2, (top + bottom) / 2))
    shift = np.array(size_wh) / 2 - 0.5 - scale * (middle - 0.5)
    return np.column_stack((np.eye(2) * scale, shift))


def warped(image: Image, matrix: Matrix, size_wh: Size) -> Image:
    """Return the picture as the matrix shows it; beyond its border the border's pixels go on.

    Strong reductions are halved first, as in `ops.image.stretch`, so that every pixel counts.
    """
    near, matrix = _halved(*_cut(image, matrix, size_wh))
    shown = cv2.warpAffine(near, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8)


def _cut(image: Image, matrix: Matrix, size_wh: Size) -> tuple[Image, Matrix]:
    """Return the part of the picture that will be seen, and the matrix for it."""
    width, height = size_wh
    corners = np.array(((0, 0), (width, 0), (0, height), (width, height)), np.float64)
    seen = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    edge = np.array((image.shape[1], image.shape[0]))
    low = np.clip(np.floor(seen.min(axis=0)) - _RIM_PX, 0, edge - 1).astype(np.int64)
    high = np.clip(np.ceil(seen.max(axis=0)) + _RIM_PX, low + 1, edge).astype(np.int64)
    part = image[low[1] : high[1], low[0] : high[0]]
    return part, np.column_stack((matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ low))


def _halved(image: Image, matrix: Matrix) -> tuple[Image, Matrix]:
    while np.linalg.det(matrix[:, :2]) <= 0.25 and min(image.shape[:2]) > 1:
        wide_high = np.array((image.shape[1], image.shape[0]))
        half = (wide_high + 1) // 2
        ratio = wide_high / half
        image = np.asarray(cv2.resize(image, half.tolist(), interpolation=cv2.INTER_LINEAR), np.uint8)
        shift = matrix[:, 2] + matrix[:, :2] @ ((ratio - 1) / 2)
        matrix = np.column_stack((matrix[:, :2] * ratio, shift))
    return image, matrix
