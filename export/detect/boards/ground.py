"""Finds where a flaw may lie: on the border of copper, or well inside copper or the room between it."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from export.detect.boards.copper import Copper

__all__ = ["Ground", "Place", "Point", "unit"]

Point = npt.NDArray[np.float64]
"""(2,) or (n, 2): x, y."""

_EDGE_PX = 14
"""Nothing is put nearer to the picture's border."""
_AHEAD_PX = 64
_STRAIGHT = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A point on the border of copper."""

    at: Point
    outward: Point
    """Unit vector away from the copper."""
    gap_px: int
    """Room outside it, up to the next copper, as far as was looked."""
    depth_px: int
    """Copper inside it."""

    @property
    def across(self) -> Point:
        """Return where the next copper begins."""
        return np.asarray(self.at + self.gap_px * self.outward)


class Ground:
    """The copper of one board, looked at from many places."""

    def __init__(self, copper: Copper) -> None:
        self.copper = copper

    def border(self, rng: np.random.Generator) -> Place | None:
        """Choose a point of the border; None where the border has no clear direction there."""
        if not len(self._border):
            return None
        x, y = (int(value) for value in self._border[rng.integers(len(self._border))])
        near = cv2.GaussianBlur(self.copper[y - 6 : y + 7, x - 6 : x + 7], (0, 0), 2.0).astype(np.float64)
        slope = np.array([near[6, 4] - near[6, 8], near[4, 6] - near[8, 6]])
        if np.linalg.norm(slope) < _STRAIGHT:
            return None
        at, outward = np.array([x, y], np.float64), unit(slope)
        gap = self.reach(at + 2 * outward, outward, inside=False) + 2
        depth = self.reach(at - outward, -outward, inside=True) + 1
        return Place(at, outward, gap, depth)

    def reach(self, start: Point, direction: Point, *, inside: bool) -> int:
        """Return how many pixels copper, or the lack of it, goes on from a point; at most 64."""
        points = self._pixels(start + direction * np.arange(_AHEAD_PX)[:, None])
        same = (self.copper[points[:, 1], points[:, 0]] > 0) == inside
        return _AHEAD_PX if same.all() else int(np.argmin(same))

    def is_joined(self, first: Point, second: Point) -> bool:
        """Whether two points lie on the same piece of copper, or one on none."""
        points = self._pixels(np.array([first, second]))
        ones, others = self._pieces[points[:, 1], points[:, 0]]
        return bool(ones == others or 0 in (ones, others))

    def inside(self, rng: np.random.Generator, room_px: float, *, of_copper: bool) -> Point | None:
        """Choose a point with so much copper, or so much room without, in every direction."""
        distance = cv2.distanceTransform(self.copper if of_copper else 255 - self.copper, cv2.DIST_L2, 3)
        points = _inner_points((distance > room_px).astype(np.uint8))
        return points[rng.integers(len(points))].astype(np.float64) if len(points) else None

    @cached_property
    def _border(self) -> npt.NDArray[np.int32]:
        return _inner_points(self.copper - np.asarray(cv2.erode(self.copper, np.ones((3, 3))), np.uint8))

    @cached_property
    def _pieces(self) -> npt.NDArray[np.int32]:
        return np.asarray(cv2.connectedComponents(self.copper, connectivity=8)[1])

    def _pixels(self, points: Point) -> npt.NDArray[np.int64]:
        return np.clip(np.rint(points).astype(np.int64), 0, np.array(self.copper.shape[::-1]) - 1)


def unit(vector: Point) -> Point:
    """Return a vector of the same direction and length 1."""
    return np.asarray(vector / np.linalg.norm(vector))


def _inner_points(plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return (n, 2) x, y of what is not 0, without the picture's edge."""
    found = cv2.findNonZero(np.ascontiguousarray(plane[_EDGE_PX:-_EDGE_PX, _EDGE_PX:-_EDGE_PX]))
    return np.zeros((0, 2), np.int32) if found is None else np.asarray(found.reshape(-1, 2) + _EDGE_PX)
