"""Polygons: as masks, simplified, or no more than a box. Pure; corners count as pixels of the polygon."""

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["is_box", "polygon_mask", "simplified"]

Mask = npt.NDArray[np.uint8]
Outline = npt.NDArray[np.int32]


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


def simplified(points_xy: Outline, tolerance_px: float) -> Outline:
    """Return a closed polygon with fewer corners, nowhere farther than the tolerance from the given one.

    The method is that of Douglas and Peucker (1973), as `cv2.approxPolyDP` has it.
    """
    found = cv2.approxPolyDP(points_xy.reshape(-1, 1, 2), tolerance_px, closed=True)
    return np.asarray(found, np.int32).reshape(-1, 2)


def is_box(points_xy: Outline, box_xyxy: tuple[int, int, int, int]) -> bool:
    """Return whether an outline says no more than its box, as detectors' do."""
    left, top, right, bottom = box_xyxy
    corners = {(left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1)}
    return len(points_xy) <= 4 and set(map(tuple, points_xy.tolist())) == corners
