"""Random changes of training pictures: where the model looks, and how light and sensor behave.

Pure array functions; every choice comes from the generator that is passed in.
"""

from typing import Annotated

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from edgevision.types import ImageBgr

__all__ = ["Augmentation", "draw_affine", "photograph"]

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0, le=10.0)]


class Augmentation(BaseModel):
    """How strongly pictures are changed. The defaults leave all but orientation nearly alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flip: bool = True
    quarter_turns: bool = True
    rotation_deg: Annotated[float, Field(ge=0.0, le=45.0)] = 8.0
    scale: tuple[Positive, Positive] = (0.9, 1.1)
    """Lowest and highest magnification."""
    aspect: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    """Largest relative stretch of one axis against the other."""
    brightness: Annotated[float, Field(ge=0.0, le=0.9)] = 0.15
    """Largest shift, as a share of the full range."""
    contrast: Annotated[float, Field(ge=0.0, le=0.9)] = 0.15
    gamma: Annotated[float, Field(ge=0.0, le=0.9)] = 0.15
    color_shift: Annotated[float, Field(ge=0.0, le=0.5)] = 0.05
    """Largest relative change of one channel against the others."""
    gradient: Annotated[float, Field(ge=0.0, le=0.9)] = 0.0
    """Largest relative change of light from the centre to a border."""
    blur_sigma_px: Annotated[float, Field(ge=0.0, le=5.0)] = 0.8
    noise_levels: Annotated[float, Field(ge=0.0, le=60.0)] = 4.0
    jpeg_quality: Annotated[int, Field(ge=5, le=100)] = 50
    """Lowest quality."""
    sensor_share: Share = 0.3
    """How often each of blur, noise and JPEG happens."""
    paste_share: Share = 0.0
    """How often the defects of another picture are set into a crop."""
    paste_contrast: tuple[Positive, Positive] = (0.5, 1.1)
    """Lowest and highest factor for how much a pasted defect differs from its surroundings."""


def draw_affine(
    rng: np.random.Generator,
    augmentation: Augmentation,
    centre_xy: tuple[float, float],
    size_wh: tuple[int, int],
) -> npt.NDArray[np.float64]:
    """Draw the (2, 3) matrix that maps the canvas to a crop of `size_wh` around `centre_xy`."""
    low, high = np.log(augmentation.scale)
    zoom = np.exp(rng.uniform(low, high))
    ratio = np.exp(rng.uniform(-augmentation.aspect, augmentation.aspect) / 2)
    angle = np.deg2rad(rng.uniform(-augmentation.rotation_deg, augmentation.rotation_deg))
    if augmentation.quarter_turns:
        angle += np.pi / 2 * rng.integers(4)
    mirror = -1.0 if augmentation.flip and rng.random() < 0.5 else 1.0
    upside = -1.0 if augmentation.flip and rng.random() < 0.5 else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    linear = turn @ np.diag([mirror * zoom * ratio, upside * zoom / ratio])
    middle = (np.array(size_wh) - 1) / 2
    return np.hstack([linear, (middle - linear @ np.array(centre_xy))[:, None]])


def photograph(rng: np.random.Generator, image: ImageBgr, augmentation: Augmentation) -> ImageBgr:
    """Return the picture under another light and through another camera; (H, W, 3) uint8."""
    image = np.asarray(cv2.LUT(image, _tone_curves(rng, augmentation)), np.uint8)
    if augmentation.gradient > 0 and rng.random() < 0.5:
        image = _lit_unevenly(rng, image, augmentation.gradient)
    if rng.random() < augmentation.sensor_share and augmentation.blur_sigma_px > 0:
        sigma = rng.uniform(0.2, max(augmentation.blur_sigma_px, 0.21))
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    if rng.random() < augmentation.sensor_share and augmentation.noise_levels > 0:
        image = _noisy(rng, image, rng.uniform(0.5, max(augmentation.noise_levels, 0.51)))
    if rng.random() < augmentation.sensor_share and augmentation.jpeg_quality < 100:
        image = _through_jpeg(image, int(rng.integers(augmentation.jpeg_quality, 100)))
    return image


def _tone_curves(rng: np.random.Generator, augmentation: Augmentation) -> npt.NDArray[np.uint8]:
    """Return (256, 1, 3) uint8: gamma, contrast, brightness and colour in one table."""
    levels = np.linspace(0, 1, 256)
    gain = np.exp(rng.uniform(-augmentation.contrast, augmentation.contrast))
    shift = rng.uniform(-augmentation.brightness, augmentation.brightness)
    curve = levels ** np.exp(rng.uniform(-augmentation.gamma, augmentation.gamma))
    curve = (curve - 0.5) * gain + 0.5 + shift
    tint = 1 + rng.uniform(-augmentation.color_shift, augmentation.color_shift, 3)
    table = np.rint(np.clip(curve[:, None] * tint, 0, 1) * 255)
    return np.asarray(table[:, None, :], np.uint8)


def _lit_unevenly(rng: np.random.Generator, image: ImageBgr, strength: float) -> ImageBgr:
    height, width = image.shape[:2]
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, strength)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
    light = (1 + np.float32(slope) * (x + y))[:, :, None]
    return np.asarray(np.clip(image * light, 0, 255), np.uint8)


def _noisy(rng: np.random.Generator, image: ImageBgr, sigma: float) -> ImageBgr:
    noise = rng.standard_normal((*image.shape[:2], 1), dtype=np.float32) * np.float32(sigma)
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


def _through_jpeg(image: ImageBgr, quality: int) -> ImageBgr:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
