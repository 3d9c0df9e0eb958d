"""Outlines of parts with their holes, drawn at a place and an angle."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample.texture import Bytes

__all__ = ["Points", "Pose", "Shape", "draw_coverage", "draw_shape"]

Points = npt.NDArray[np.float64]
"""(n, 2) x, y."""

_SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a part lies and how it is turned."""

    centre_xy: tuple[float, float]
    angle_rad: float


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A closed outline around (0, 0), its holes, and whether it has an axis of rotation."""

    outline: Points
    holes: tuple[Points, ...] = ()
    is_round: bool = False

    def placed(self, pose: Pose) -> "Shape":
        """Return the shape turned about (0, 0), then moved."""
        cos, sin = np.cos(pose.angle_rad), np.sin(pose.angle_rad)
        turn = np.array([[cos, sin], [-sin, cos]])
        outline, *holes = (points @ turn + np.array(pose.centre_xy) for points in (self.outline, *self.holes))
        return Shape(outline, tuple(holes), self.is_round)


def _circle(radius: float, centre_xy: tuple[float, float] = (0.0, 0.0)) -> Points:
    angles = np.arange(120) * (2 * np.pi / 120)
    circle: Points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + np.array(centre_xy)
    return circle


def _bolt_circle(count: int, radius: float, hole_radius: float) -> tuple[Points, ...]:
    angles = (np.arange(count) + 0.5) * (2 * np.pi / count)
    return tuple(_circle(hole_radius, (radius * np.cos(a), radius * np.sin(a))) for a in angles)


def _rounded(corners: Points, radius: float) -> Points:
    """Return the polygon with each corner replaced by a curve that begins `radius` before it."""
    steps = np.linspace(0, 1, 9)[:, None]
    curves = []
    for before, corner, after in zip(
        np.roll(corners, 1, axis=0), corners, np.roll(corners, -1, axis=0), strict=True
    ):
        start = corner + (before - corner) * (radius / np.linalg.norm(before - corner))
        end = corner + (after - corner) * (radius / np.linalg.norm(after - corner))
        curves.append((1 - steps) ** 2 * start + 2 * steps * (1 - steps) * corner + steps**2 * end)
    return np.concatenate(curves)


def _disc(rng: np.random.Generator, radius: float) -> Shape:
    holes = (_circle(rng.uniform(14, 28)),) if rng.random() < 0.4 else ()
    return Shape(_circle(radius), holes, is_round=True)


def _washer(rng: np.random.Generator, radius: float) -> Shape:
    return Shape(_circle(radius), (_circle(radius * rng.uniform(0.28, 0.42)),), is_round=True)


def _flange(rng: np.random.Generator, radius: float) -> Shape:
    count = int(rng.integers(4, 9))
    holes = _bolt_circle(count, radius * 0.82, rng.uniform(11, 16))
    centre = (_circle(radius * rng.uniform(0.2, 0.3)),) if rng.random() < 0.7 else ()
    return Shape(_circle(radius), holes + centre, is_round=True)


def _plate(rng: np.random.Generator, radius: float) -> Shape:
    half_h = radius * rng.uniform(0.56, 0.72)
    half_w = float(np.sqrt(radius**2 - half_h**2))
    corners = np.array([[-half_w, -half_h], [half_w, -half_h], [half_w, half_h], [-half_w, half_h]])
    inset = rng.uniform(26, 34)
    hole_radius = rng.uniform(10, 15)
    all_holes = [
        _circle(hole_radius, (sx * (half_w - inset), sy * (half_h - inset)))
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    return Shape(_rounded(corners, rng.uniform(8, 46)), tuple(all_holes[: int(rng.choice([0, 1, 4]))]))


def _polygon(rng: np.random.Generator, radius: float) -> Shape:
    count = int(rng.choice([6, 6, 8]))
    angles = np.arange(count) * (2 * np.pi / count)
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
    holes = (_circle(radius * rng.uniform(0.2, 0.36)),) if rng.random() < 0.6 else ()
    return Shape(_rounded(corners, rng.uniform(6, 30)), holes)


def _lobed(rng: np.random.Generator, radius: float) -> Shape:
    lobes = int(rng.integers(3, 6))
    angles = np.arange(240) * (2 * np.pi / 240)
    radii = radius * (1 - rng.uniform(0.06, 0.11) * (1 + np.cos(lobes * angles)))
    outline = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None]
    holes = _bolt_circle(lobes, radius * 0.78, rng.uniform(11, 17))
    return Shape(outline, holes)


_SHAPES: tuple[Callable[[np.random.Generator, float], Shape], ...] = (
    _disc,
    _washer,
    _flange,
    _plate,
    _polygon,
    _lobed,
)


def _irregular(rng: np.random.Generator, radius: float) -> Shape:
    angles = np.arange(240) * (2 * np.pi / 240)
    waves = [
        rng.normal(0, 0.14 / n**1.4) * np.cos(n * angles + rng.uniform(0, 2 * np.pi)) for n in range(2, 24)
    ]
    radii = 1 + np.sum(waves, axis=0)
    return Shape(np.stack([np.cos(angles), np.sin(angles)], axis=1) * (radius * radii / radii.max())[:, None])


def draw_shape(rng: np.random.Generator, irregular_rate: float) -> Shape:
    """Draw one shape by lot, 330 to 440 px across, around (0, 0)."""
    if rng.random() < irregular_rate:
        return _irregular(rng, rng.uniform(168, 218))
    kind = _SHAPES[int(rng.integers(len(_SHAPES)))]
    return kind(rng, rng.uniform(168, 218))


def draw_coverage(shape: Shape, side_px: int) -> Bytes:
    """Return (side, side) uint8: how much of each pixel the shape covers, 255 is all."""
    coverage = np.zeros((side_px, side_px), dtype=np.uint8)
    for points, level in ((shape.outline, 255), *((hole, 0) for hole in shape.holes)):
        fixed = np.rint(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(coverage, [fixed], level, cv2.LINE_AA, _SUBPIXEL_BITS)
    return coverage
