"""Cracks, pits and scratches with their exact outline.

Flaws are drawn four times finer than the frame; a pixel belongs to a flaw when at least half
of it is covered. Only geometry: `scene` decides how dark or bright a flaw is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample.look import Look
from edgevision.capture.sample.texture import Plane

__all__ = ["CRACK", "MIN_LENGTH_PX", "PIT", "SCRATCH", "Flaw", "Surface", "draw_flaw", "flaw_mask"]

CRACK, PIT, SCRATCH = 1, 2, 3

MIN_LENGTH_PX = {CRACK: 28, PIT: 5, SCRATCH: 35}
"""Least size of a flaw that may be shown."""

_FINE = 4
_STEP_PX = 4.0

Path = list[tuple[float, float]]
Stroke = tuple[Path, list[float]]
"""A line and its width in pixels at each point."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Where flaws may be: `depth_px` (H, W) float32 is the distance to the nearest edge."""

    depth_px: Plane
    texture_rad: float | None
    """Direction of straight machining marks."""
    centre_xy: tuple[float, float] | None
    """Centre of circular machining marks."""

    def depth_at(self, x: float, y: float) -> float:
        """Return the distance to the edge, 0 outside."""
        height, width = self.depth_px.shape
        column, row = round(x), round(y)
        inside = 0 <= column < width and 0 <= row < height
        return float(self.depth_px[row, column]) if inside else 0.0

    def point(self, rng: np.random.Generator, depth_px: float) -> tuple[float, float] | None:
        """Draw a point at least this deep inside; None after many misses."""
        height, width = self.depth_px.shape
        for _ in range(60):
            x, y = rng.uniform(0, width - 1), rng.uniform(0, height - 1)
            if self.depth_at(x, y) >= depth_px:
                return x, y
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Flaw:
    """One flaw: class, coverage (h, w) float32 from 0 to 1, and its place in the frame."""

    class_id: int
    coverage: Plane
    left: int
    top: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Return the rows and columns of the frame that the coverage belongs to."""
        height, width = self.coverage.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def _rasterise(class_id: int, strokes: Sequence[Stroke], size_wh: tuple[int, int], pad_px: int = 6) -> Flaw:
    points = np.array([point for path, _ in strokes for point in path])
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - pad_px, 0).tolist()
    right, bottom = np.minimum(np.ceil(points.max(axis=0)).astype(int) + pad_px, np.array(size_wh)).tolist()
    fine = np.zeros(((bottom - top) * _FINE, (right - left) * _FINE), dtype=np.uint8)
    for path, widths in strokes:
        at = [(round((x - left + 0.5) * _FINE), round((y - top + 0.5) * _FINE)) for x, y in path]
        for start, end, width in zip(at[:-1], at[1:], widths[:-1], strict=True):
            cv2.line(fine, start, end, 255, max(1, round(width * _FINE)))
    small = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return Flaw(class_id, small.astype(np.float32) / np.float32(255), left, top)


def _walk(
    rng: np.random.Generator, surface: Surface, start: tuple[float, float], heading: float, length_px: float
) -> Path:
    """Return a random walk that ends where the surface does."""
    path = [start]
    bend, drift = 0.0, 0.0
    for _ in range(round(length_px / _STEP_PX)):
        bend = 0.6 * bend + rng.normal(0, 0.16)
        kink = rng.normal(0, 0.7) if rng.random() < 0.14 else 0.0
        drift = 0.92 * drift + bend + kink
        jag = heading + drift + rng.normal(0, 0.35)
        x, y = path[-1][0] + _STEP_PX * np.cos(jag), path[-1][1] + _STEP_PX * np.sin(jag)
        if surface.depth_at(x, y) <= 0:
            break
        path.append((float(x), float(y)))
    return path


def _crack_widths(rng: np.random.Generator, count: int, width_px: float, least_px: float) -> list[float]:
    wander = np.cumsum(rng.normal(0, 0.12, count))
    taper = np.minimum(1.0, np.minimum(np.arange(count) + 2, count + 1 - np.arange(count)) / 6)
    widths = width_px * np.exp(wander - wander.mean()) * taper
    return [float(w) for w in np.clip(widths, least_px, max(width_px * 1.5, least_px))]


def _crack(rng: np.random.Generator, surface: Surface, look: Look) -> list[Stroke]:
    from_edge = rng.random() < 0.35
    start = surface.point(rng, 1.0 if from_edge else 6.0)
    if start is None:
        return []
    low, high = look.crack_length_px
    length = low * (high / low) ** rng.random()
    trunk = _walk(rng, surface, start, rng.uniform(0, 2 * np.pi), length)
    if len(trunk) * _STEP_PX < MIN_LENGTH_PX[CRACK] + 6:
        return []
    least = look.crack_width_px[0]
    width = least * (look.crack_width_px[1] / least) ** rng.random()
    strokes = [(trunk, _crack_widths(rng, len(trunk), width, least))]
    for _ in range(int(rng.integers(0, 1 + min(3, len(trunk) // 10)))):
        at = int(rng.integers(2, len(trunk) - 2))
        ahead = np.array(trunk[at + 1]) - np.array(trunk[at])
        heading = float(np.arctan2(ahead[1], ahead[0])) + rng.choice([-1, 1]) * rng.uniform(0.5, 1.1)
        twig = _walk(rng, surface, trunk[at], heading, length * rng.uniform(0.2, 0.45))
        if len(twig) > 2:
            strokes.append((twig, _crack_widths(rng, len(twig), max(least, width * 0.65), least)))
    return strokes


def _along_texture(surface: Surface, x: float, y: float, heading: float) -> bool:
    """True when a line of this heading could be taken for a machining mark."""
    directions = [] if surface.texture_rad is None else [surface.texture_rad]
    if surface.centre_xy is not None:
        directions.append(float(np.arctan2(y - surface.centre_xy[1], x - surface.centre_xy[0])) + np.pi / 2)
    return any(abs(np.sin(heading - direction)) < 0.45 for direction in directions)


def _scratch(rng: np.random.Generator, surface: Surface, look: Look) -> list[Stroke]:
    start = surface.point(rng, 8.0)
    heading = rng.uniform(0, 2 * np.pi)
    if start is None or _along_texture(surface, *start, heading):
        return []
    low, high = look.scratch_length_px
    length = low * (high / low) ** rng.random()
    bend = rng.normal(0, 0.0025)
    path = [start]
    for _ in range(round(length / _STEP_PX)):
        heading += bend * _STEP_PX
        x, y = path[-1][0] + _STEP_PX * np.cos(heading), path[-1][1] + _STEP_PX * np.sin(heading)
        if surface.depth_at(x, y) < 3:
            break
        path.append((float(x), float(y)))
    if len(path) * _STEP_PX < MIN_LENGTH_PX[SCRATCH] + 6:
        return []
    width = rng.uniform(*look.scratch_width_px)
    waver = 1 + 0.15 * np.sin(np.arange(len(path)) * rng.uniform(0.2, 0.6) + rng.uniform(0, 6))
    return [(path, [float(max(look.scratch_width_px[0], width * w)) for w in waver])]


def _pit(rng: np.random.Generator, surface: Surface, look: Look) -> list[Stroke]:
    low, high = look.pit_diameter_px
    diameter = low * (high / low) ** rng.random()
    start = surface.point(rng, diameter / 2 + 4)
    if start is None:
        return []
    strokes: list[Stroke] = [([start, start], [diameter * 0.8] * 2)]
    for angle in rng.uniform(0, 2 * np.pi, int(rng.integers(3, 6))):
        reach = diameter * rng.uniform(0.12, 0.26)
        lobe = (start[0] + reach * float(np.cos(angle)), start[1] + reach * float(np.sin(angle)))
        strokes.append(([lobe, lobe], [diameter * rng.uniform(0.5, 0.7)] * 2))
    return strokes


_DRAWERS = {CRACK: _crack, PIT: _pit, SCRATCH: _scratch}


def draw_flaw(rng: np.random.Generator, class_id: int, surface: Surface, look: Look) -> Flaw | None:
    """Draw one flaw on the surface; None when this attempt did not fit."""
    strokes = _DRAWERS[class_id](rng, surface, look)
    if not strokes:
        return None
    height, width = surface.depth_px.shape
    return _rasterise(class_id, strokes, (width, height), pad_px=16 if class_id == PIT else 6)


def flaw_mask(flaw: Flaw, surface: Surface) -> npt.NDArray[np.bool_]:
    """Return (h, w): the pixels of the window that belong to the flaw."""
    mask: npt.NDArray[np.bool_] = (flaw.coverage >= 0.5) & (surface.depth_px[flaw.window] > 0)
    return mask
