"""Draws lines of exactly known length and width as masks: a pixel is set when its centre is covered."""

import itertools

import numpy as np
import numpy.typing as npt

__all__ = ["draw_lines"]

Mask = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]


def draw_lines(
    *lines: npt.ArrayLike, width_px: float, size_wh: tuple[int, int] = (440, 440), flat_ends: bool = False
) -> Mask:
    """Return (H, W) uint8 of 0 and 1 with polylines of `width_px`, round or flat at their ends."""
    mask = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    for line in lines:
        for start, end in itertools.pairwise(np.asarray(line, np.float64)):
            _draw(mask, start, end, width_px, flat_ends=flat_ends)
    return mask


def _draw(mask: Mask, start: Points, end: Points, width_px: float, *, flat_ends: bool) -> None:
    low = np.maximum(np.minimum(start, end) - width_px, 0).astype(int)
    high = (np.maximum(start, end) + width_px + 1).astype(int)
    window = mask[low[1] : high[1], low[0] : high[0]]
    ys, xs = np.mgrid[0 : window.shape[0], 0 : window.shape[1]]
    length = float(np.hypot(*(end - start)))
    (ux, uy), (dx, dy) = (end - start) / length, (xs + low[0] - start[0], ys + low[1] - start[1])
    along, across = dx * ux + dy * uy, np.abs(dy * ux - dx * uy)
    beyond = np.maximum(np.maximum(-along, along - length), 0.0)
    inside = (
        (beyond == 0.0) & (across < width_px / 2) if flat_ends else np.hypot(beyond, across) < width_px / 2
    )
    window |= inside.view(np.uint8)
