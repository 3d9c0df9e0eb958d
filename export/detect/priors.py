"""Prior boxes: fitted to the data by clustering, and laid out map by map.

Clustering is k-means with 1 - IoU of centred boxes as distance (Redmon and Farhadi, YOLO9000, 2017).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["fit_sizes", "sizes_per_map"]

Sizes = npt.NDArray[np.float64]
_ROUNDS = 100
_LARGEST_IN_STRIDES = 8.0
"""A map serves objects up to about so many of its cells; larger ones go to the next map."""


def fit_sizes(sizes_wh: Sizes, count: int, seed: int = 0) -> Sizes:
    """Return `count` (width, height) that fit (n, 2) box sizes best, by area.

    Raises nothing: with fewer different sizes than `count` some repeat.
    """
    rng = np.random.default_rng(seed)
    centres = sizes_wh[rng.choice(len(sizes_wh), count, replace=len(sizes_wh) < count)]
    for _ in range(_ROUNDS):
        nearest = _iou(sizes_wh, centres).argmax(1)
        moved = np.array(
            [
                np.median(sizes_wh[nearest == index], axis=0) if (nearest == index).any() else centre
                for index, centre in enumerate(centres)
            ]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    return centres[np.argsort(centres.prod(1))]


def sizes_per_map(sizes_wh: Sizes, strides: Sequence[int]) -> list[list[tuple[float, float]]]:
    """Give each size to the finest map whose cells it does not exceed too often; no map stays empty."""
    limits = [stride * _LARGEST_IN_STRIDES for stride in strides[:-1]]
    sides = np.sqrt(sizes_wh.prod(1))
    places = np.searchsorted(limits, sides)
    maps: list[list[tuple[float, float]]] = [[] for _ in strides]
    for place, (width, height) in zip(places, np.round(sizes_wh, 1), strict=True):
        maps[place].append((float(width), float(height)))
    for place, (sizes, stride) in enumerate(zip(maps, strides, strict=True)):
        if not sizes:
            side = stride * _LARGEST_IN_STRIDES * 0.75  # above the limit of the map before
            maps[place].append((side, side))
    return maps


def _iou(first_wh: Sizes, second_wh: Sizes) -> Sizes:
    """Return the IoU of boxes with one centre, (n, m)."""
    common = np.minimum(first_wh[:, None], second_wh[None]).prod(2)
    return np.asarray(common / (first_wh.prod(1)[:, None] + second_wh.prod(1)[None] - common), np.float64)
