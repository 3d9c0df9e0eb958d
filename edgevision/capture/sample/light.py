"""Uneven light, shadow, lens blur and sensor noise."""

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample.look import Look
from edgevision.capture.sample.texture import Plane, Tiles
from edgevision.types import ImageBgr

__all__ = ["draw_light", "draw_sheen", "expose", "shadow_of"]

_COARSE = 16


def _grid(size_wh: tuple[int, int]) -> tuple[Plane, Plane]:
    """Return coarse x and y from -1 to 1."""
    columns, rows = size_wh[0] // _COARSE, size_wh[1] // _COARSE
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :].repeat(rows, axis=0)
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None].repeat(columns, axis=1)
    return x, y


def _enlarged(coarse: Plane, size_wh: tuple[int, int]) -> Plane:
    plane: Plane = cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)
    return plane


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


def shadow_of(coverage: npt.NDArray[np.uint8], offset_xy: tuple[float, float], softness_px: float) -> Plane:
    """Return (H, W) from 0 to 1: the soft shadow of a part lying a little above the belt."""
    height, width = coverage.shape
    small = cv2.resize(coverage, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    move = np.array([[1, 0, offset_xy[0] / 4], [0, 1, offset_xy[1] / 4]], dtype=np.float32)
    moved = cv2.warpAffine(small, move, (width // 4, height // 4))
    soft = cv2.GaussianBlur(moved, (0, 0), softness_px / 4)
    return cv2.resize(soft, (width, height)).astype(np.float32) / np.float32(255)


def expose(rng: np.random.Generator, image: ImageBgr, tiles: Tiles, look: Look) -> ImageBgr:
    """Return the image through lens and sensor: slightly blurred, with noise that grows with light."""
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(*look.blur_sigma_px))
    gain = rng.uniform(*look.noise_levels)
    levels = np.arange(256)
    sigma = np.rint(gain * (0.45 + 0.55 * levels / 128) * 16).astype(np.int16)[blurred]
    height, width = image.shape[:2]
    side = tiles.sensor.shape[0]
    noise = np.empty_like(sigma)
    for channel in range(3):
        top, left = rng.integers(0, side - height), rng.integers(0, side - width)
        noise[..., channel] = tiles.sensor[top : top + height, left : left + width]
    # Fixed point: noise has 6 fractional bits, sigma 4.
    noisy = (noise.astype(np.int32) * sigma + (1 << 9)) >> 10
    noisy += blurred
    return np.clip(noisy, 0, 255).astype(np.uint8)
