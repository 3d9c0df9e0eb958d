"""Fits a region into the inputs of a detector, and boxes in such an input back into the region.

Bars are grey: a mirror image in them, as segmentation has it, would show every defect twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edgevision.ops.detections import Detections
from edgevision.ops.image import Letterbox, letterbox, stretch
from edgevision.ops.tiles import TileGrid, pad_to_tile
from edgevision.types import ImageBgr

__all__ = ["Scaling", "View", "views"]

Scaling = Literal["letterbox", "stretch", "tile"]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One input of the model: a point p of it lies in the region at (p - offset) * scale."""

    pictures: tuple[ImageBgr, ...]
    """Of the input's size: the region, and as often the reference's."""
    offset_xy: tuple[float, float]
    scale_xy: tuple[float, float]
    window_xyxy: tuple[float, float, float, float]
    """What it shows of the region, in the region's pixels."""

    def to_region(self, found: Detections) -> Detections:
        """Return findings in pixels of the region, cut at the window; those outside it are dropped."""
        points = found.boxes_xyxy.reshape(-1, 2, 2).astype(np.float64)
        moved = (points - self.offset_xy) * self.scale_xy
        window = np.reshape(self.window_xyxy, (2, 2))
        cut = np.clip(moved, window[0], window[1])
        centres = moved.mean(axis=1)
        is_inside = ((centres >= window[0]) & (centres < window[1])).all(axis=1)
        landmarks = found.landmarks_xy
        if landmarks is not None:
            landmarks = ((landmarks - self.offset_xy) * self.scale_xy).astype(np.float32)
        return replace(found.moved(cut.reshape(-1, 4)), landmarks_xy=landmarks)[is_inside]


def views(
    pictures: Sequence[ImageBgr], input_wh: Size, scaling: Scaling, scale: float, overlap_px: int
) -> Iterator[View]:
    """Give the inputs that show a region, whose `pictures` all have the same size.

    Args:
        pictures: (H, W, 3) each.
        input_wh: Of the model.
        scaling: How to fit.
        scale: Resizes the region before tiling.
        overlap_px: Least overlap of tiles, in pixels of the model's input.
    """
    if scaling == "tile":
        yield from _tiled(pictures, input_wh, scale, overlap_px)
        return
    height, width = pictures[0].shape[:2]
    geometry = Letterbox((width, height), input_wh, (0, 0, *input_wh))
    if scaling == "letterbox":
        geometry = Letterbox.fit((width, height), input_wh)
        fitted = tuple(letterbox(picture, input_wh, bars="grey")[0] for picture in pictures)
    else:
        fitted = tuple(stretch(picture, input_wh) for picture in pictures)
    left, top, right, bottom = geometry.inner_xyxy
    scale_xy = width / (right - left), height / (bottom - top)
    yield View(fitted, (left, top), scale_xy, (0, 0, width, height))


def _tiled(pictures: Sequence[ImageBgr], tile_wh: Size, scale: float, overlap_px: int) -> Iterator[View]:
    height, width = pictures[0].shape[:2]
    scaled_wh = max(1, round(width * scale)), max(1, round(height * scale))
    padded = [pad_to_tile(stretch(picture, scaled_wh), tile_wh, bars="grey") for picture in pictures]
    left, top = padded[0][1]
    size_wh = padded[0][0].shape[1], padded[0][0].shape[0]
    scale_xy = width / scaled_wh[0], height / scaled_wh[1]
    for x, y in TileGrid.cover(size_wh, tile_wh, overlap_px).origins_xy:
        tiles = tuple(picture[y : y + tile_wh[1], x : x + tile_wh[0]] for picture, _ in padded)
        offset = left - x, top - y
        edges = np.array((*offset, offset[0] + scaled_wh[0], offset[1] + scaled_wh[1]), np.float64)
        shown = np.clip(edges.reshape(2, 2), 0, tile_wh)
        x1, y1, x2, y2 = ((shown - offset) * scale_xy).ravel().tolist()
        yield View(tiles, offset, scale_xy, (x1, y1, x2, y2))
