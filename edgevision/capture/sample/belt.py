"""The belt under the parts: woven texture that moves on with every part, seams and stains."""

import cv2
import numpy as np

from edgevision.capture.sample.texture import TILE_PX, Plane, Tiles, amplitude, sample_tile

__all__ = ["draw_belt"]

_PITCH_PX = 700
_SEAM_EVERY_PX = 2900
_STAINS_PER_CELL = 3


def _draw_stains(grey: Plane, seed: int, cell: int, offset_px: int) -> None:
    rng = np.random.default_rng([seed, cell, 2])
    height, width = grey.shape
    for _ in range(_STAINS_PER_CELL):
        x, y = int(rng.integers(TILE_PX)) + cell * TILE_PX - offset_px, int(rng.integers(height))
        axes, angle = rng.integers(3, 26, 2).tolist(), rng.uniform(0, 180)
        factor = np.float32(rng.uniform(0.65, 1.25))
        left, right = max(x - 30, 0), min(x + 30, width)
        top, bottom = max(y - 30, 0), min(y + 30, height)
        if left < right and top < bottom:
            stain = np.zeros((bottom - top, right - left), dtype=np.float32)
            cv2.ellipse(stain, (x - left, y - top), axes, angle, 0, 360, 1.0, cv2.FILLED)
            grey[top:bottom, left:right] *= 1 + (factor - 1) * cv2.GaussianBlur(stain, (0, 0), 1.5)


def _draw_seams(grey: Plane, offset_px: int) -> None:
    width = grey.shape[1]
    first = -(-(offset_px - 20) // _SEAM_EVERY_PX)
    x = first * _SEAM_EVERY_PX - offset_px
    if -20 < x < width + 20:
        grey[:, max(x, 0) : max(x + 4, 0)] *= np.float32(0.45)
        grey[:, max(x + 4, 0) : max(x + 6, 0)] *= np.float32(1.35)


def draw_belt(
    rng: np.random.Generator, tiles: Tiles, seed: int, index: int, size_wh: tuple[int, int]
) -> Plane:
    """Return (H, W) float32 grey levels of the belt where part `index` is photographed."""
    offset = index * _PITCH_PX + int(rng.integers(-25, 26))
    line = np.random.default_rng([seed, 3, 3])
    base, weave, dirt = line.uniform(36, 78), line.uniform(0.03, 0.09), line.uniform(0.06, 0.12)
    origin = (float(offset % TILE_PX), 0.0)
    grey = 1 + amplitude(sample_tile(tiles.grain, size_wh, origin), weave)
    grey += amplitude(sample_tile(tiles.mottle, size_wh, origin), dirt)
    grey += amplitude(sample_tile(tiles.brush, size_wh, origin), 0.05)
    grey *= np.float32(base)
    for cell in range(offset // TILE_PX - 1, (offset + size_wh[0]) // TILE_PX + 1):
        if cell >= 0:
            _draw_stains(grey, seed, cell, offset)
    _draw_seams(grey, offset)
    return grey
