"""The belt under the parts: woven texture that moves on with every part, seams and stains."""

import cv2
import numpy as np

from edgevision.capture.sample.texture import BELT_PERIOD_PX, Plane, Tiles

__all__ = ["draw_belt"]

_PITCH_PX = 700
_SEAM_EVERY_PX = 2900
_STAINS_PER_CELL = 3
_REACH_PX = 30


def _draw_stains(grey: Plane, seed: int, cell: int, offset_px: int) -> None:
    rng = np.random.default_rng([seed, cell, 2])
    height, width = grey.shape
    for _ in range(_STAINS_PER_CELL):
        x = int(rng.integers(BELT_PERIOD_PX)) + cell * BELT_PERIOD_PX - offset_px
        y = int(rng.integers(height))
        axes, angle = rng.integers(3, 24, 2).tolist(), rng.uniform(0, 180)
        change = np.float32(rng.uniform(-0.35, 0.25))
        left, right = max(x - _REACH_PX, 0), min(x + _REACH_PX, width)
        top, bottom = max(y - _REACH_PX, 0), min(y + _REACH_PX, height)
        if left < right and top < bottom:
            stain = np.zeros((bottom - top, right - left), dtype=np.float32)
            cv2.ellipse(stain, (x - left, y - top), axes, angle, 0, 360, 1.0, cv2.FILLED)
            grey[top:bottom, left:right] *= 1 + change * cv2.GaussianBlur(stain, (0, 0), 1.5)


def _draw_seam(grey: Plane, offset_px: int) -> None:
    x = -offset_px % _SEAM_EVERY_PX
    grey[:, x : x + 4] *= np.float32(0.45)
    grey[:, x + 4 : x + 6] *= np.float32(1.35)


def draw_belt(rng: np.random.Generator, tiles: Tiles, seed: int, index: int, width_px: int) -> Plane:
    """Return (480, W) float32 grey levels of the belt where part `index` is photographed."""
    offset = index * _PITCH_PX + int(rng.integers(0, 50))
    start = offset % BELT_PERIOD_PX
    first = tiles.belt[:, start : start + width_px]
    rest = tiles.belt[:, : width_px - first.shape[1]]
    grey = np.concatenate([first, rest], axis=1).astype(np.float32)
    for cell in range(offset // BELT_PERIOD_PX, (offset + width_px) // BELT_PERIOD_PX + 1):
        _draw_stains(grey, seed, cell, offset)
    _draw_seam(grey, offset)
    return grey
