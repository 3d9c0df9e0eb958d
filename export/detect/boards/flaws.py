"""Puts flaws into the copper of a board: opens, shorts, mouse bites, spurs, spurious copper, pin-holes.

A flaw is a stroke that adds copper or takes it away; where it may lie follows from how far copper, or
the room between copper, reaches there. Every choice comes from the generator that is passed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from export.detect.boards.copper import Copper
from export.detect.boards.ground import Ground, Point, unit

__all__ = ["LABELS", "MARGIN_PX", "Flaw", "add_flaw"]

LABELS: Final = ("open", "short", "mousebite", "spur", "copper", "pin-hole")
MARGIN_PX: Final = 10
"""A box reaches so far beyond the pixels that changed."""

_TRIES = 30
_SMALLEST_PX, _LARGEST_PX = 5, 70

Rng = np.random.Generator
Box = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Flaw:
    """A board after a flaw was put in."""

    copper: Copper
    box_xyxy: Box
    class_id: int


@dataclass(frozen=True, slots=True, eq=False)
class _Stroke:
    points: Point
    width_px: int
    adds: bool


def add_flaw(rng: Rng, copper: Copper, class_id: int, taken_xyxy: Box) -> Flaw | None:
    """Put in a flaw whose box meets none that is taken; None where no place was found.

    Args:
        rng: Draws.
        copper: The board; left as it is.
        class_id: Index in `LABELS`.
        taken_xyxy: (n, 4) boxes of the flaws that are there.
    """
    ground = Ground(copper)
    for _ in range(_TRIES):
        stroke = _DRAWN[class_id](rng, ground)
        if stroke is None:
            continue
        flawed = copper.copy()
        points = np.rint(stroke.points).astype(np.int32)
        cv2.polylines(flawed, [points], False, 255 if stroke.adds else 0, stroke.width_px)
        box = _box(flawed ^ copper)
        if box is not None and not _meets(box, taken_xyxy):
            return Flaw(flawed, box, class_id)
    return None


def _open(rng: Rng, ground: Ground) -> _Stroke | None:
    """Cut a conductor through; what is as broad to both sides of the place is one."""
    place = ground.border(rng)
    if place is None or not 5 <= place.depth_px <= 50:
        return None
    along = np.array([-place.outward[1], place.outward[0]])
    for beside in (-1, 1):
        start = place.at + along * beside * max(8, place.depth_px / 2) - 3 * place.outward
        depth = ground.reach(start, -place.outward, inside=True) + 3
        if not 0.6 <= depth / place.depth_px <= 1.6:
            return None
    inward = rng.uniform(-0.5, 0.5) * along - place.outward
    points = _wiggled(rng, place.at + 3 * place.outward, place.at + (place.depth_px + 3) * inward)
    return _Stroke(points, int(rng.integers(4, 14)), adds=False)


def _short(rng: Rng, ground: Ground) -> _Stroke | None:
    place = ground.border(rng)
    if place is None or not 5 <= place.gap_px <= 50:
        return None
    if ground.is_joined(place.at, place.across + 2 * place.outward):
        return None
    points = _wiggled(rng, place.at - 2 * place.outward, place.across + 2 * place.outward)
    return _Stroke(points, int(rng.integers(3, 11)), adds=True)


def _mousebite(rng: Rng, ground: Ground) -> _Stroke | None:
    place = ground.border(rng)
    width, depth = int(rng.integers(3, 9)), rng.uniform(4, 22)
    if place is None or depth + width / 2 > 0.65 * place.depth_px:
        return None
    end = place.at - depth * _turned(rng, place.outward)
    return _Stroke(_wiggled(rng, place.at + 2 * place.outward, end), width, adds=False)


def _spur(rng: Rng, ground: Ground) -> _Stroke | None:
    place = ground.border(rng)
    width, length = int(rng.integers(3, 10)), rng.uniform(6, 26)
    if place is None or length + width / 2 + 5 > place.gap_px:
        return None
    end = place.at + length * _turned(rng, place.outward)
    return _Stroke(_wiggled(rng, place.at - 2 * place.outward, end), width, adds=True)


def _copper(rng: Rng, ground: Ground) -> _Stroke | None:
    return _speck(rng, ground, adds=True)


def _pin_hole(rng: Rng, ground: Ground) -> _Stroke | None:
    return _speck(rng, ground, adds=False)


_DRAWN: tuple[Callable[[Rng, Ground], _Stroke | None], ...] = (
    _open,
    _short,
    _mousebite,
    _spur,
    _copper,
    _pin_hole,
)
"""By class id."""


def _speck(rng: Rng, ground: Ground, *, adds: bool) -> _Stroke | None:
    """Draw a speck that touches no border."""
    width, reach = int(rng.integers(4, 12)), rng.uniform(2, 20)
    centre = ground.inside(rng, (width + reach) / 2 + 5, of_copper=not adds)
    if centre is None:
        return None
    half = _turned(rng, np.array([1.0, 0.0]), np.pi) * reach / 2
    return _Stroke(_wiggled(rng, centre - half, centre + half), width, adds)


def _wiggled(rng: Rng, start: Point, end: Point) -> Point:
    """Return a line between two points that is not quite straight."""
    steps = np.linspace(0, 1, int(rng.integers(2, 5)))[:, None]
    points = start + steps * (end - start)
    points[1:-1] += rng.uniform(-0.15, 0.15, points[1:-1].shape) * np.linalg.norm(end - start)
    return np.asarray(points)


def _turned(rng: Rng, direction: Point, most_rad: float = 0.6) -> Point:
    angle = rng.uniform(-most_rad, most_rad)
    cos, sin = np.cos(angle), np.sin(angle)
    return unit(np.array([[cos, -sin], [sin, cos]]) @ direction)


def _box(changed: Copper) -> Box | None:
    """Return the box of the pixels that changed, with its margin; None for what is too small or large."""
    left, top, width, height = cv2.boundingRect(changed)
    if not _SMALLEST_PX <= max(width, height) <= _LARGEST_PX:
        return None
    low, high = np.array([left, top]), np.array([left + width, top + height])
    size = np.array(changed.shape[::-1])
    corners = np.maximum(low - MARGIN_PX, 0), np.minimum(high + MARGIN_PX, size)
    return np.concatenate(corners).astype(np.float32)


def _meets(box: Box, others: Box) -> bool:
    apart = (others[:, :2] >= box[2:]).any(1) | (others[:, 2:] <= box[:2]).any(1)
    return bool((~apart).any())
