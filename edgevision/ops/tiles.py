"""Covering a large region with overlapping model inputs, and blending the answers.

The weight of a tile falls smoothly from one to zero inside each overlap and is zero in the
outer quarter of it, so a model whose answer at a pixel depends on no more than a quarter of the
overlap around it gives the same result as one look at the whole region (to float rounding,
1e-5). What a model sees beyond that can change a result near a tile border only as much as it
changes its answer a quarter of the overlap away from the edge of its input.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Axis", "TileGrid", "pad_to_tile"]

Planes = npt.NDArray[np.float32]
Predict = Callable[[int, int], Planes]
"""Given left and top of a tile, returns its (C, tile height, tile width) float32 answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """Tiles along one axis: their first pixels, and weights that sum to one at every pixel."""

    origins: tuple[int, ...]
    weights: tuple[npt.NDArray[np.float32], ...]

    @classmethod
    def cover(cls, length: int, tile: int, overlap: int) -> "Axis":
        """Cover `length` pixels (at least one tile) evenly, overlapping at least as asked.

        Origins lie symmetrically, so that the first and the last tile touch the ends. An
        overlap of more than three quarters of the tile is taken as three quarters.
        """
        overlap = min(overlap, tile * 3 // 4)
        steps = -(-(length - tile) // (tile - overlap))
        half = [round(index * (length - tile) / max(steps, 1)) for index in range(steps // 2 + 1)]
        mirrored = [length - tile - origin for origin in reversed(half)]
        origins = tuple(half + mirrored[(steps + 1) % 2 :])
        return cls(origins, _normalized(origins, tile, length))


def _normalized(origins: tuple[int, ...], tile: int, length: int) -> tuple[npt.NDArray[np.float32], ...]:
    windows = []
    for index, origin in enumerate(origins):
        window = np.ones(tile)
        if index > 0:
            window *= _ramp(tile, origins[index - 1] + tile - origin)
        if index + 1 < len(origins):
            window *= _ramp(tile, origin + tile - origins[index + 1])[::-1]
        windows.append(window)
    total = np.zeros(length)
    for origin, window in zip(origins, windows, strict=True):
        total[origin : origin + tile] += window
    weights = tuple(
        (window / total[origin : origin + tile]).astype(np.float32)
        for origin, window in zip(origins, windows, strict=True)
    )
    for weight in weights:
        weight.flags.writeable = False
    return weights


def _ramp(tile: int, overlap: int) -> npt.NDArray[np.float64]:
    """Rise from nearly 0 to 1 over the middle half of the first `overlap` of `tile` pixels."""
    overlap = max(overlap, 1)
    rise = np.clip((np.arange(tile) + 0.5) / overlap * 2.0 - 0.5, 0.0, 1.0)
    return np.maximum(rise * rise * (3.0 - 2.0 * rise), 1e-9)


@lru_cache(maxsize=64)
def _axis(length: int, tile: int, overlap: int) -> Axis:
    return Axis.cover(length, tile, overlap)


@dataclass(frozen=True, slots=True)
class TileGrid:
    """Tiles over a region that is at least one tile large."""

    columns: Axis
    rows: Axis
    size_wh: tuple[int, int]
    tile_wh: tuple[int, int]

    @classmethod
    def cover(cls, size_wh: tuple[int, int], tile_wh: tuple[int, int], overlap_px: int) -> "TileGrid":
        """Cover a region of `size_wh`; pad a smaller one with `pad_to_tile` before."""
        columns, rows = (_axis(size, tile, overlap_px) for size, tile in zip(size_wh, tile_wh, strict=True))
        return cls(columns, rows, size_wh, tile_wh)

    @property
    def origins_xy(self) -> tuple[tuple[int, int], ...]:
        """Left and top of every tile, row by row."""
        return tuple((left, top) for top in self.rows.origins for left in self.columns.origins)

    def blend(self, predict: Predict) -> Iterator[tuple[int, Planes]]:
        """Ask for every tile once, row by row, and yield finished strips from top to bottom.

        Only one row of tiles is held at any time.

        Yields:
            The first row of a strip and its (C, rows, W) float32 answer, which is the caller's.
        """
        tile_h = self.tile_wh[1]
        carried: Planes | None = None
        for index, (top, weights) in enumerate(zip(self.rows.origins, self.rows.weights, strict=True)):
            band = self._band(top, predict) * weights[:, np.newaxis]
            if carried is not None:
                band[:, : carried.shape[1]] += carried
            is_last = index + 1 == len(self.rows.origins)
            done = tile_h if is_last else self.rows.origins[index + 1] - top
            yield top, band[:, :done]
            carried = band[:, done:]

    def _band(self, top: int, predict: Predict) -> Planes:
        band: Planes | None = None
        for left, weights in zip(self.columns.origins, self.columns.weights, strict=True):
            answer = predict(left, top)
            if band is None:
                band = np.zeros((answer.shape[0], self.tile_wh[1], self.size_wh[0]), np.float32)
            band[:, :, left : left + self.tile_wh[0]] += answer * weights
        assert band is not None
        return band


def pad_to_tile(
    image: npt.NDArray[np.uint8], tile_wh: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    """Mirror an image at its borders until it is at least one tile large.

    Returns:
        The image, and the left and top of the original within it.
    """
    missing_w, missing_h = max(0, tile_wh[0] - image.shape[1]), max(0, tile_wh[1] - image.shape[0])
    if not missing_w and not missing_h:
        return image, (0, 0)
    left, top = missing_w // 2, missing_h // 2
    bars = (top, missing_h - top, left, missing_w - left)
    return np.asarray(cv2.copyMakeBorder(image, *bars, cv2.BORDER_REFLECT_101), np.uint8), (left, top)
