"""What lies on a drawn board: tracks, pads with their holes, pours, and where copper was left away.

Only decides what lies where; `export.detect.boards.copper` makes a picture of it. Every choice comes
from the generator that is passed in. Coordinates are (x, y) in pixels of a square board.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["SIDE_PX", "Layout", "Pad", "Track", "draw_layout"]

SIDE_PX = 640

Points = npt.NDArray[np.float64]
"""(n, 2)."""
_SIXTEENTH = 4
"""Room is kept on a map this much smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A conductor along a line; without width only its clearance, which cuts a pour in two."""

    points_xy: Points
    width_px: float


@dataclass(frozen=True, slots=True)
class Pad:
    """A patch of copper, with a hole where `hole_px` is not 0."""

    centre_xy: tuple[float, float]
    half_wh: tuple[float, float]
    is_round: bool
    hole_px: float = 0.0
    """Radius."""
    hole_shift_xy: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True, eq=False)
class Layout:
    """All that lies on one board."""

    clearance_px: float
    is_filled: bool
    """Whether copper is everywhere but around tracks and pads."""
    pours: list[Points] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    pads: list[Pad] = field(default_factory=list)


def draw_layout(rng: np.random.Generator) -> Layout:
    """Draw a board's layout: from nearly empty to dense, thin tracks or broad ones, sometimes filled."""
    width_px = float(np.exp(rng.uniform(np.log(6), np.log(50))))
    layout = Layout(clearance_px=max(7.0, width_px * rng.uniform(0.4, 1.0)), is_filled=rng.random() < 0.2)
    room = _Room(layout.clearance_px)
    if rng.random() < 0.4:
        layout.pours += [_pour(rng) for _ in range(rng.integers(1, 3))]
    if rng.random() < 0.35:
        _add_rings(rng, layout, room)
    for _ in range(rng.integers(0, 4)):
        _add_pins(rng, layout, room)
    for _ in range(rng.integers(0, 3)):
        _add_bus(rng, layout, room, width_px)
    for _ in range(rng.integers(4, 30)):
        _add_route(rng, layout, room, width_px * rng.uniform(0.7, 1.4))
    for _ in range(rng.integers(0, 8)):
        _add_pad(rng, layout, room, rng.uniform(0, SIDE_PX, 2), rng.uniform(8, 40))
    if layout.is_filled or layout.pours:
        for _ in range(rng.integers(1, 6)):
            layout.tracks.append(Track(_octilinear(rng, rng.uniform(0, SIDE_PX, 2)), 0.0))
        for _ in range(rng.integers(0, 6)):
            centre = rng.uniform(0, SIDE_PX, 2)
            layout.pads.append(_hole(centre, rng.uniform(6, 20)))
    return layout


class _Room:
    """Knows where something lies already."""

    def __init__(self, clearance_px: float) -> None:
        side = SIDE_PX // _SIXTEENTH
        self._taken = np.zeros((side, side), np.uint8)
        self._clearance_px = clearance_px

    def take(self, points_xy: Points, width_px: float) -> bool:
        """Take the room along a line; False, and nothing taken, where any of it is taken."""
        wanted = np.zeros_like(self._taken)
        points = np.rint(points_xy / _SIXTEENTH).astype(np.int32)
        thickness = max(1, round((width_px + self._clearance_px) / _SIXTEENTH))
        cv2.polylines(wanted, [points], False, 255, thickness)
        if (wanted & self._taken).any():
            return False
        self._taken |= wanted
        return True


def _octilinear(rng: np.random.Generator, start_xy: Points) -> Points:
    """Draw a line that turns by eighths, as boards are routed."""
    points = [start_xy]
    eighth = 2 * int(rng.integers(4)) + int(rng.random() < 0.15)
    for _ in range(rng.integers(1, 6)):
        angle = np.pi / 4 * eighth
        length = rng.uniform(40, 300) * (0.5 if eighth % 2 else 1.0)
        points.append(points[-1] + length * np.array([np.cos(angle), np.sin(angle)]))
        eighth += int(rng.choice((-1, 1)))
    return np.array(points)


def _beside(points_xy: Points, offset_px: float) -> Points:
    """Return the line that runs beside another at a distance."""
    steps = np.diff(points_xy, axis=0)
    normals = np.column_stack((-steps[:, 1], steps[:, 0])) / np.linalg.norm(steps, axis=1)[:, None]
    first, last = np.vstack((normals[:1], normals)), np.vstack((normals, normals[-1:]))
    middle = first + last
    return np.asarray(points_xy + offset_px * 2 * middle / (middle**2).sum(1, keepdims=True))


def _add_route(rng: np.random.Generator, layout: Layout, room: _Room, width_px: float) -> None:
    points = _octilinear(rng, rng.uniform(0, SIDE_PX, 2))
    if not room.take(points, width_px):
        return
    layout.tracks.append(Track(points, width_px))
    for end in (points[0], points[-1]):
        if rng.random() < 0.7:
            size = width_px * rng.uniform(0.7, 1.2) + rng.uniform(2, 10)
            layout.pads.append(_pad(rng, end, (size, size)))


def _add_bus(rng: np.random.Generator, layout: Layout, room: _Room, width_px: float) -> None:
    """Add tracks that run side by side across the board."""
    width_px = min(width_px, 24.0)
    pitch = width_px + max(6.0, width_px * rng.uniform(0.5, 1.5))
    points = _octilinear(rng, rng.uniform(0, SIDE_PX, 2))
    points[-1] += 2 * SIDE_PX * _unit(points[-1] - points[-2])
    points[0] -= 2 * SIDE_PX * _unit(points[1] - points[0])
    count = int(rng.integers(2, 7))
    if room.take(points, count * pitch):
        middle = (count - 1) / 2
        layout.tracks += [Track(_beside(points, pitch * (i - middle)), width_px) for i in range(count)]


def _add_pins(rng: np.random.Generator, layout: Layout, room: _Room) -> None:
    """Add the pads of a component: one row or two."""
    width, length = rng.uniform(10, 34), rng.uniform(30, 90)
    pitch, count = width * rng.uniform(1.5, 2.2), int(rng.integers(2, 11))
    start, is_round = rng.uniform(0, SIDE_PX, 2), bool(rng.random() < 0.5)
    along, across = np.array([(1.0, 0.0), (0.0, 1.0)])[:: 1 if rng.random() < 0.5 else -1]
    half = np.abs(along) * width / 2 + np.abs(across) * length / 2
    for row in range(rng.integers(1, 3)):
        first = start + across * row * length * 2.5
        last = first + along * pitch * (count - 1)
        if room.take(np.array([first - along * width / 2, last + along * width / 2]), length):
            layout.pads += [
                Pad(_xy(first + along * pitch * i), _xy(half), is_round=is_round) for i in range(count)
            ]


def _add_rings(rng: np.random.Generator, layout: Layout, room: _Room) -> None:
    """Add a grid of round pads for wires, their holes not quite in the middle."""
    radius = rng.uniform(16, 36)
    pitch, first = radius * rng.uniform(2.8, 4.0), rng.uniform(0, SIDE_PX / 2, 2)
    hole, shift = radius * rng.uniform(0.4, 0.8), rng.uniform(-0.15, 0.15, 2) * radius
    for row in range(rng.integers(1, 4)):
        for column in range(rng.integers(2, 7)):
            centre = first + pitch * np.array([column, row])
            if room.take(np.array([centre, centre]), 2 * radius):
                half = (radius, radius * rng.uniform(1.0, 1.1))
                layout.pads.append(Pad(_xy(centre), half, True, hole, _xy(shift)))


def _add_pad(
    rng: np.random.Generator, layout: Layout, room: _Room, centre_xy: Points, size_px: float
) -> None:
    if room.take(np.array([centre_xy, centre_xy]), 2 * size_px):
        layout.pads.append(_pad(rng, centre_xy, (size_px, size_px * rng.uniform(0.5, 1.0))))


def _pad(rng: np.random.Generator, centre_xy: Points, half_wh: tuple[float, float]) -> Pad:
    has_hole = min(half_wh) > 9 and rng.random() < 0.6
    hole_px = min(half_wh) * rng.uniform(0.3, 0.6) if has_hole else 0.0
    return Pad(_xy(centre_xy), half_wh, bool(has_hole or rng.random() < 0.5), hole_px)


def _hole(centre_xy: Points, radius_px: float) -> Pad:
    return Pad(_xy(centre_xy), (0.0, 0.0), is_round=True, hole_px=radius_px)


def _pour(rng: np.random.Generator) -> Points:
    """Draw a large patch of copper: a rectangle with cut corners, or part of a disc."""
    centre = rng.uniform(0, SIDE_PX, 2)
    if rng.random() < 0.25:
        angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        return np.asarray(centre + rng.uniform(120, 400) * np.column_stack((np.cos(angles), np.sin(angles))))
    half = rng.uniform(50, 260, 2)
    cut = rng.uniform(0, min(half), 4) * (rng.random(4) < 0.6)
    corners = []
    for (x, y), by in zip(((-1, -1), (1, -1), (1, 1), (-1, 1)), cut, strict=True):
        corner, is_even = centre + half * (x, y), x == y
        beside, above = corner - (x * by, 0), corner - (0, y * by)
        corners += [above, beside] if is_even else [beside, above]
    return np.array(corners)


def _unit(vector: Points) -> Points:
    return np.asarray(vector / np.linalg.norm(vector))


def _xy(point: Points) -> tuple[float, float]:
    return float(point[0]), float(point[1])
