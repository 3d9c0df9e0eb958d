"""Noise tiles of one seed, made once and sampled at any position, angle and scale.

Tiles are uint8 around 128 and wrap around, so that sampling them is fixed-point arithmetic,
which hardly depends on the machine.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["BELT_PERIOD_PX", "PROFILE_STEPS_PER_PX", "Bytes", "Plane", "Tiles", "draw_texture", "tiles_of"]

Plane = npt.NDArray[np.float32]
"""(H, W) float32."""

Bytes = npt.NDArray[np.uint8]
"""(H, W) uint8."""

PROFILE_STEPS_PER_PX = 4
BELT_PERIOD_PX = 768
_BELT_HEIGHT_PX = 480
_PROFILE_LENGTH = 4096
_PERIOD_PX = 640
# Large enough that a turned frame around any centre of one period stays inside.
_TILE_PX = 1664
_LEVELS_PER_SIGMA = 40.0
_SENSOR_WH = (800, 640)


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Noise of one seed; the first four are (1664, 1664) uint8."""

    grain: Bytes
    mottle: Bytes
    cloud: Bytes
    brush: Bytes
    belt: Bytes
    """(480, 768) grey levels of the belt, which repeats after 768 pixels."""
    profile: Plane
    """(4096,) height of a groove pattern along a line, four steps per pixel, unit deviation."""
    sensor: npt.NDArray[np.int16]
    """(640, 800, 3); 64 is one standard deviation."""


def _smooth_noise(
    rng: np.random.Generator, size_wh: tuple[int, int], sigma_xy: tuple[float, float], coarse: int = 1
) -> Plane:
    """Return blurred noise that wraps around, with unit deviation."""
    width, height = size_wh[0] // coarse, size_wh[1] // coarse
    noise = rng.standard_normal((height, width), dtype=np.float32)
    pad_x, pad_y = (int(4 * sigma / coarse) + 2 for sigma in sigma_xy)
    wide = np.pad(noise, ((pad_y, pad_y), (pad_x, pad_x)), mode="wrap")
    soft = cv2.GaussianBlur(wide, (0, 0), sigma_xy[0] / coarse, sigmaY=sigma_xy[1] / coarse)
    if coarse > 1:
        soft = cv2.resize(soft, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_CUBIC)
    top, left = pad_y * coarse, pad_x * coarse
    tile = soft[top : top + size_wh[1], left : left + size_wh[0]].astype(np.float32, copy=False)
    unit: Plane = (tile / tile.std()).astype(np.float32, copy=False)
    return unit


def _to_bytes(levels: npt.NDArray[np.floating]) -> Bytes:
    whole: Bytes = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return whole


def _to_tile(noise: Plane) -> Bytes:
    period = _to_bytes(noise / noise.std() * _LEVELS_PER_SIGMA + 128)
    return np.pad(period, (0, _TILE_PX - _PERIOD_PX), mode="wrap").astype(np.uint8, copy=False)


def _belt_tile(rng: np.random.Generator) -> Bytes:
    size_wh = (BELT_PERIOD_PX, _BELT_HEIGHT_PX)
    weave = _smooth_noise(rng, size_wh, (0.9, 0.9)) * rng.uniform(0.03, 0.09)
    threads = _smooth_noise(rng, size_wh, (40, 0.6)) * rng.uniform(0.02, 0.07)
    dirt = _smooth_noise(rng, size_wh, (14, 10), 2) * rng.uniform(0.05, 0.11)
    return _to_bytes((1 + weave + threads + dirt) * rng.uniform(40, 80))


def _groove_profile(rng: np.random.Generator) -> Plane:
    noise = np.fft.fft(rng.standard_normal(_PROFILE_LENGTH))
    frequency = np.fft.fftfreq(_PROFILE_LENGTH)
    fine, coarse = (
        np.real(np.fft.ifft(noise * np.exp(-((frequency * width) ** 2)))) for width in (18.0, 110.0)
    )
    profile = fine / fine.std() + 0.6 * coarse / coarse.std()
    unit: Plane = (profile / profile.std()).astype(np.float32)
    return unit


@lru_cache(maxsize=2)
def tiles_of(seed: int) -> Tiles:
    """Return the tiles of a seed; the first call takes about 0.3 s, and each seed 15 MB."""
    rng = np.random.default_rng([seed, 0, 1])
    size = (_PERIOD_PX, _PERIOD_PX)
    sensor = rng.standard_normal((_SENSOR_WH[1], _SENSOR_WH[0], 3), dtype=np.float32)
    return Tiles(
        grain=_to_tile(_smooth_noise(rng, size, (0.7, 0.7)) + 0.7 * _smooth_noise(rng, size, (1.8, 1.8))),
        mottle=_to_tile(_smooth_noise(rng, size, (7, 7), 2) + 0.8 * _smooth_noise(rng, size, (20, 20), 4)),
        cloud=_to_tile(_smooth_noise(rng, size, (48, 48), 8)),
        brush=_to_tile(_smooth_noise(rng, size, (60, 0.55)) + 0.7 * _smooth_noise(rng, size, (90, 1.6))),
        belt=_belt_tile(rng),
        profile=_groove_profile(rng),
        sensor=np.rint(sensor * 64).astype(np.int16),
    )


def draw_texture(
    rng: np.random.Generator,
    tile: Bytes,
    size_wh: tuple[int, int],
    strength: float,
    angle_rad: float = 0.0,
) -> Plane:
    """Return (H, W) deviations from 0 of standard deviation `strength`, from any place of a tile."""
    scale = rng.uniform(0.8, 1.5)
    cos, sin = np.cos(angle_rad) / scale, np.sin(angle_rad) / scale
    x, y = rng.uniform(0, _PERIOD_PX, 2) + (_TILE_PX - _PERIOD_PX) / 2
    half_w, half_h = size_wh[0] / 2, size_wh[1] / 2
    matrix = np.array(
        [[cos, sin, x - cos * half_w - sin * half_h], [-sin, cos, y + sin * half_w - cos * half_h]]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    levels = cv2.warpAffine(tile, matrix, size_wh, flags=flags, borderMode=cv2.BORDER_WRAP)
    table = ((np.arange(256) - 128) * (strength / _LEVELS_PER_SIGMA)).astype(np.float32)
    return cv2.LUT(levels, table).astype(np.float32, copy=False)
