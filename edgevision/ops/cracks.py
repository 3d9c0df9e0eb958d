"""Length and width of line-like defects, from the skeleton and the distance transform of a mask.

Length is that of the whole centre line, all branches and loops together: the sum that a crack
survey asks for, and never less than the longest way through the crack. Branches that reach
less than a radius out of the line they hang on are raggedness of its border and do not count.
"""

from dataclasses import astuple, dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["LineMeasure", "measure_line", "skeleton"]

Mask = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# Beyond these a piece is hardly a crack: it is measured at reduced resolution, within about one pixel
# of that, so that a model gone wild over a whole frame cannot hold up the line.
_DIAMETER_MAX_PX = 32.0
_AREA_MAX_PX = 40_000
_BOX_MAX_PX = 2_100_000

# Standard deviation along the line: removes the staircase of pixels, keeps bends of 10 px.
_SMOOTHING_PX = 2.0


@dataclass(frozen=True, slots=True)
class LineMeasure:
    """What was measured, in pixels of the mask."""

    length_px: float
    width_max_px: float
    """The greatest width kept along a stretch about twice as long as the line is wide."""
    width_mean_px: float


def measure_line(mask: Mask) -> LineMeasure:
    """Measure one connected piece.

    The skeleton ends where the last full inscribed disc fits. A flat end reaches half a width
    beyond it, a round one as drawn with a brush is said to end right there; half of that half
    is added, so that either is wrong by at most a quarter of a width.

    Args:
        mask: (h, w) uint8, 1 inside; one 8-connected piece.
    """
    crowding = max(np.count_nonzero(mask) / _AREA_MAX_PX, mask.size / _BOX_MAX_PX)
    if crowding > 1.0:
        return _measure_reduced(mask, int(np.ceil(crowding**0.5)))
    padded = np.pad(mask, 1)
    diameters = _inscribed_diameters(padded)
    if diameters.max() > _DIAMETER_MAX_PX:
        return _measure_reduced(mask, int(np.ceil(diameters.max() / _DIAMETER_MAX_PX)))
    graph = _pruned(_Graph.of(np.flatnonzero(skeleton(padded)), padded.shape[1]), diameters)
    branches = graph.branches()
    length = sum(_length(graph.points_xy[branch]) for branch in branches)
    ends = np.repeat(graph.pixels, np.maximum(2 - graph.degrees, 0))
    length += float(diameters[ends].sum()) / 4.0
    width_max = _kept_width([diameters[graph.pixels[branch]] for branch in branches])
    width_mean = float(diameters[graph.pixels].mean())
    return LineMeasure(max(length, width_max), width_max, min(width_mean, width_max))


def _inscribed_diameters(padded: Mask) -> Points:
    """Return, flat, the diameter of the largest disc centred within a pixel of each pixel.

    Distances are taken at double resolution, where the ridge of a line of even width lies on
    pixels as well; the 5x5 approximation is as good as the exact transform here (both within 0.6 px
    of lines of known width) at a quarter of its cost.
    """
    height, width = padded.shape
    doubled = cv2.resize(padded, (2 * width, 2 * height), interpolation=cv2.INTER_NEAREST)
    distances = cv2.distanceTransform(doubled, cv2.DIST_L2, cv2.DIST_MASK_5)
    around = cv2.dilate(distances, np.ones((6, 6), np.uint8), anchor=(2, 2))
    return np.asarray(around[::2, ::2], np.float64).ravel()


def _measure_reduced(mask: Mask, factor: int) -> LineMeasure:
    """Measure with every `factor` x `factor` pixels taken as one that is set if any of them is."""
    rows, columns = (np.arange(0, size, factor) for size in mask.shape)
    small = np.maximum.reduceat(np.maximum.reduceat(mask, rows, axis=0), columns, axis=1)
    return LineMeasure(*(factor * value for value in astuple(measure_line(small))))


def skeleton(padded: Mask) -> Mask:
    """Thin (h, w) uint8 of 0 and 1, with 0 along its border, to lines one pixel wide that connect the same.

    The two-subiteration algorithm of Guo and Hall (Parallel thinning with two-subiteration
    algorithms, CACM 32(3), 1989), which unlike that of Zhang and Suen (1984) keeps diagonals two
    pixels wide. Only set pixels are visited.
    """
    flat = padded.copy().ravel()
    pixels = np.flatnonzero(flat)
    offsets = _offsets(padded.shape[1])
    bits = (1 << np.arange(8)).astype(np.uint8)[:, np.newaxis]
    unchanged = 0
    while unchanged < 2:
        for removable in _removable():
            neighbours = (flat[pixels + offsets[:, np.newaxis]] * bits).sum(axis=0, dtype=np.uint8)
            gone = removable[neighbours]
            flat[pixels[gone]] = 0
            pixels = pixels[~gone]
            unchanged = 0 if gone.any() else unchanged + 1
    return flat.reshape(padded.shape)


def _offsets(stride: int) -> Indices:
    """Return the eight neighbours clockwise from the upper one, as offsets of flat indices."""
    return np.array([-stride, 1 - stride, 1, 1 + stride, stride, stride - 1, -1, -1 - stride])


@cache
def _removable() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For both subiterations, whether a pixel with these eight neighbours (as bits) may go."""
    n, ne, e, se, s, sw, w, nw = (np.arange(256) >> bit & 1 for bit in range(8))
    crossings = (1 - n & (ne | e)) + (1 - e & (se | s)) + (1 - s & (sw | w)) + (1 - w & (nw | n))
    pairs = np.minimum((nw | n) + (ne | e) + (se | s) + (sw | w), (n | ne) + (e | se) + (s | sw) + (w | nw))
    may_go = (crossings == 1) & (pairs >= 2) & (pairs <= 3)
    return may_go & (((s | sw | 1 - nw) & w) == 0), may_go & (((n | ne | 1 - se) & e) == 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """The pixels of a skeleton and which of them touch; rows of all arrays are pixels."""

    stride: int
    pixels: Indices
    """Flat indices into an image `stride` wide."""
    points_xy: Points
    neighbours: Indices
    """(n, 8) rows of the neighbours, -1 where there is none."""
    degrees: Indices

    @classmethod
    def of(cls, pixels: Indices, stride: int) -> "_Graph":
        """Connect the pixels; a diagonal step counts only where there is no way around it."""
        beside = pixels[:, np.newaxis] + _offsets(stride)
        rows = np.searchsorted(pixels, beside).clip(max=len(pixels) - 1)
        rows[pixels[rows] != beside] = -1
        upright = rows[:, ::2] >= 0
        rows[:, 1::2][upright | np.roll(upright, -1, axis=1)] = -1
        points = np.stack((pixels % stride, pixels // stride), axis=1).astype(np.float64)
        return cls(stride, pixels, points, rows, (rows >= 0).sum(axis=1))

    def branches(self) -> list[list[int]]:
        """Return the rows along every branch, from node to node; loops return to their start."""
        beside = [[row for row in rows if row >= 0] for rows in self.neighbours.tolist()]
        nodes = np.flatnonzero(self.degrees != 2).tolist()
        branches: list[list[int]] = [[node] for node in nodes if not beside[node]]
        steps: set[tuple[int, int]] = set()
        inside: set[int] = set()
        for start in [*nodes, *range(len(beside))]:
            for first in beside[start] if start not in inside else ():
                if (start, first) not in steps:
                    branch = _walk(beside, start, first)
                    steps |= {(branch[0], branch[1]), (branch[-1], branch[-2])}
                    inside.update(branch[1:-1])
                    branches.append(branch)
        return branches


def _walk(beside: list[list[int]], start: int, first: int) -> list[int]:
    branch = [start, first]
    while len(beside[branch[-1]]) == 2 and branch[-1] != start:
        one, other = beside[branch[-1]]
        branch.append(other if one == branch[-2] else one)
    return branch


def _pruned(graph: _Graph, diameters: Points) -> _Graph:
    """Cut off the branches that hardly leave the line they hang on."""
    gone: list[int] = []
    for branch in graph.branches():
        tip, foot = sorted((branch[0], branch[-1]), key=lambda row: int(graph.degrees[row]))
        is_loose = graph.degrees[tip] == 1 and graph.degrees[foot] > 2
        reach = np.hypot(*(graph.points_xy[tip] - graph.points_xy[foot]))
        if is_loose and reach <= diameters[graph.pixels[foot]]:
            gone += [row for row in branch if row != foot]
    return _Graph.of(np.delete(graph.pixels, gone), graph.stride) if gone else graph


def _kept_width(widths: list[Points]) -> float:
    """Return the greatest running median; `widths` holds those along each branch."""
    window = 1 + round(2.0 * float(np.concatenate(widths).mean()))
    long_enough = [values for values in widths if len(values) >= window]
    if not long_enough:
        return float(np.median(max(widths, key=len)))
    medians = (np.median(sliding_window_view(values, window), axis=1) for values in long_enough)
    return max(float(values.max()) for values in medians)


def _length(points_xy: Points) -> float:
    """Return the length of a chain of pixels after smoothing its staircase; the ends stay."""
    reach = min(round(3 * _SMOOTHING_PX), len(points_xy) - 1)
    if reach < 1:
        return 0.0
    before = 2 * points_xy[0] - points_xy[reach:0:-1]
    after = 2 * points_xy[-1] - points_xy[-2 : -2 - reach : -1]
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTHING_PX) ** 2)
    extended = np.concatenate((before, points_xy, after))
    smooth = [np.convolve(axis, kernel / kernel.sum(), "valid") for axis in extended.T]
    return float(np.hypot(*np.diff(smooth)).sum())
