"""Polygons as masks. Pure; corners count as pixels of the polygon."""

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["polygon_mask"]

Mask = npt.NDArray[np.uint8]


def polygon_mask(
    points_xy: npt.ArrayLike, box_xyxy: tuple[int, int, int, int], scale_xy: tuple[float, float] = (1.0, 1.0)
) -> Mask:
    """Return (h, w) uint8, 1 inside the polygon, for a box of the source drawn at `scale_xy`.

    Args:
        points_xy: (n, 2) corners in pixels of the source.
        box_xyxy: The part of the source to draw.
        scale_xy: Size of the result relative to the box.
    """
    left, top, right, bottom = box_xyxy
    size = (max(1, round((bottom - top) * scale_xy[1])), max(1, round((right - left) * scale_xy[0])))
    corners = (np.asarray(points_xy, np.float64) - (left, top)) * scale_xy
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    return mask
