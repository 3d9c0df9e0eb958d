"""Covering a large region with overlapping model inputs, and blending the answers.

The weight of a tile falls smoothly from one to zero inside each overlap and is zero in the
outer quarter of it, so a model whose answer at a pixel depends on no more than a quarter of the
overlap around it gives the same result as one look at the whole region (to float rounding,
1e-5). What a model sees beyond that can change a result near a tile border only as much as it
changes its answer a quarter of the overlap away from the edge of its input.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgevision.ops.image import Bars, padded

__all__ = ["Axis", "TileGrid", "lost_detail", "pad_to_tile"]

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


def lost_detail(region_wh: tuple[int, int], scale: float, tile_wh: tuple[int, int]) -> str | None:
    """Return what is wrong with a region made so small that it does not fill one tile, in words.

    Below that size a smaller scale saves no time, and only hides defects. Not scaled down, any region serves.
    """
    (width, height), (tile_w, tile_h) = region_wh, tile_wh
    if scale >= 1 or round(width * scale) >= tile_w or round(height * scale) >= tile_h:
        return None
    least = min(1.0, tile_w / width, tile_h / height)
    return (
        f"scale {scale:g} makes {width} x {height} pixels smaller than the model's input of "
        f"{tile_w} x {tile_h}, where defects go unseen; expected {math.ceil(1000 * least) / 1000:g} or more"
    )


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

        Only those rows of tiles are held that reach into the present strip.

        Yields:
            The first row of a strip and its (C, rows, W) float32 answer, which is the caller's.
        """
        for top, strip in self.blend_unless(predict, lambda _: False):
            assert strip is not None
            yield top, strip

    def blend_unless(
        self, predict: Predict, is_quiet: Callable[[Planes], bool]
    ) -> Iterator[tuple[int, Planes | None]]:
        """Do as `blend`, but yield None for strips to which only quiet tiles contribute.

        A blended value never exceeds the largest of the values it is blended from, so a tile may
        count as quiet when all that matters in it is below some limit. All tiles are asked for.
        """
        held: list[_Row] = []
        ends = (*self.rows.origins[1:], self.size_wh[1])
        for top, end, weights in zip(self.rows.origins, ends, self.rows.weights, strict=True):
            answers = [predict(left, top) for left in self.columns.origins]
            held = [row for row in held if row.top + self.tile_wh[1] > top]
            quiet = [is_quiet(answer) for answer in answers]
            held.append(_Row(top, weights, answers, all(quiet)))
            yield top, None if all(row.is_quiet for row in held) else self._strip(held, top, end)

    def _strip(self, rows: list["_Row"], top: int, end: int) -> Planes:
        tile_w, tile_h = self.tile_wh
        strip = np.zeros((len(rows[0].answers[0]), end - top, self.size_wh[0]), np.float32)
        for row in rows:
            reach = slice(top - row.top, min(end - row.top, tile_h))
            for left, weights, answer in zip(
                self.columns.origins, self.columns.weights, row.answers, strict=True
            ):
                share = weights * row.weights[reach, np.newaxis]
                strip[:, : reach.stop - reach.start, left : left + tile_w] += answer[:, reach] * share
        return strip


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The answers of one row of tiles."""

    top: int
    weights: npt.NDArray[np.float32]
    answers: list[Planes]
    is_quiet: bool


def pad_to_tile(
    image: npt.NDArray[np.uint8], tile_wh: tuple[int, int], bars: Bars = "mirror"
) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    """Add bars around an image until it is at least one tile large.

    Returns:
        The image, and the left and top of the original within it.
    """
    missing_w, missing_h = max(0, tile_wh[0] - image.shape[1]), max(0, tile_wh[1] - image.shape[0])
    if not missing_w and not missing_h:
        return image, (0, 0)
    left, top = missing_w // 2, missing_h // 2
    return padded(image, (left, top, missing_w - left, missing_h - top), bars), (left, top)
