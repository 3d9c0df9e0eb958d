"""Uneven light, shadow, lens blur and sensor noise."""

import cv2
import numpy as np

from edgevision.capture.sample.look import Look
from edgevision.capture.sample.texture import Bytes, Plane, Tiles
from edgevision.types import ImageBgr

__all__ = ["draw_light", "draw_sheen", "expose", "shade_edges", "shadow_of"]

_COARSE = 16


def _grid(size_wh: tuple[int, int]) -> tuple[Plane, Plane]:
    """Return coarse x and y from -1 to 1."""
    columns, rows = size_wh[0] // _COARSE, size_wh[1] // _COARSE
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :].repeat(rows, axis=0)
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None].repeat(columns, axis=1)
    return x, y


def _enlarged(coarse: Plane, size_wh: tuple[int, int]) -> Plane:
    return cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)


def draw_light(rng: np.random.Generator, look: Look, size_wh: tuple[int, int]) -> Plane:
    """Return (H, W) factors around 1: exposure, gradient, fall-off to the corners, hot spot."""
    x, y = _grid(size_wh)
    slope = rng.uniform(0, look.gradient)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + slope * (x * np.cos(angle) + y * np.sin(angle))
    light *= 1 - rng.uniform(0.02, 0.12) * (x * x + y * y)
    spot_x, spot_y = rng.uniform(-0.7, 0.7, 2)
    spread = rng.uniform(0.08, 0.4)
    light += rng.uniform(0, look.hot_spot) * np.exp(-((x - spot_x) ** 2 + (y - spot_y) ** 2) / spread)
    return _enlarged((light * rng.uniform(*look.exposure)).astype(np.float32), size_wh)


def draw_sheen(rng: np.random.Generator, strength: float, size_wh: tuple[int, int]) -> Plane:
    """Return (H, W) factors from 1 up: the broad streak that a glossy surface reflects."""
    x, y = _grid(size_wh)
    angle = rng.uniform(0, np.pi)
    across = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.5, 0.5)
    streak = 1 + strength * np.exp(-((across / rng.uniform(0.15, 0.45)) ** 2))
    return _enlarged(streak.astype(np.float32), size_wh)


def shade_edges(rng: np.random.Generator, grey: Plane, coverage: Bytes) -> None:
    """Brighten in place the bevels that face the light and darken the others."""
    soft = cv2.GaussianBlur(coverage, (0, 0), rng.uniform(1.6, 3.6))
    angle, gain = rng.uniform(0, 2 * np.pi), rng.uniform(0.0012, 0.0032)
    facing_x = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=gain * float(np.cos(angle)))
    facing_y = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=gain * float(np.sin(angle)))
    grey *= np.clip(1 + cv2.add(facing_x, facing_y), 0.45, 1.5).astype(np.float32, copy=False)


def shadow_of(rng: np.random.Generator, coverage: Bytes, border_px: int) -> Plane:
    """Return (H, W + 2 borders) from 0 to 1: the soft shadow of a part a little above the belt."""
    height, width = coverage.shape
    border = border_px // 4
    small = cv2.resize(coverage, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    small = cv2.copyMakeBorder(small, 0, 0, border, border, cv2.BORDER_CONSTANT)
    shift_x, shift_y = rng.uniform(-2.2, 2.2, 2)
    move = np.array([[1, 0, shift_x], [0, 1, shift_y]])
    moved = cv2.warpAffine(small, move, (small.shape[1], small.shape[0]))
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(1.0, 2.5)).astype(np.float32) / np.float32(255)
    return cv2.resize(soft, (width + 2 * border_px, height)).astype(np.float32, copy=False)


def expose(rng: np.random.Generator, image: ImageBgr, tiles: Tiles, look: Look) -> ImageBgr:
    """Return the image through lens and sensor: slightly blurred, with noise that grows with light."""
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(*look.blur_sigma_px))
    gain = rng.uniform(*look.noise_levels)
    # Fixed point: noise has 6 fractional bits, its scale 4.
    scales = np.rint(gain * (0.45 + 0.55 * np.arange(256) / 128) * 16).astype(np.int16)
    top, left = (int(rng.integers(0, room + 1)) for room in np.subtract(tiles.sensor.shape, image.shape)[:2])
    noise = tiles.sensor[top : top + image.shape[0], left : left + image.shape[1]]
    scaled = cv2.multiply(noise, cv2.LUT(blurred, scales), scale=1 / 1024)
    return cv2.add(blurred, scaled, dtype=cv2.CV_8U).astype(np.uint8, copy=False)
