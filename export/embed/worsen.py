"""Makes pictures as bad as a distant, hurried camera does: small, blurred, noisy, packed as JPEG."""

import cv2
import numpy as np

from edgevision.types import ImageBgr

__all__ = ["worsened"]

_BLUR_SIGMA_PX = 0.7
_NOISE_LEVELS = 4.0
_JPEG_QUALITY = 60


def worsened(image_bgr: ImageBgr, width_px: float, to_px: float, seed: int) -> ImageBgr:
    """Return the picture, in its size, as it looks after something in it was `to_px` wide.

    Args:
        image_bgr: (H, W, 3).
        width_px: How wide that something is in it.
        to_px: How wide it was while blur, noise and JPEG came over it.
        seed: Of the noise.
    """
    height, width = image_bgr.shape[:2]
    factor = to_px / width_px
    small = cv2.resize(image_bgr, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), _BLUR_SIGMA_PX).astype(np.float32)
    noise = np.random.default_rng(seed).normal(0, _NOISE_LEVELS, blurred.shape)
    noisy = np.clip(blurred + noise, 0, 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert unpacked is not None
    return np.asarray(cv2.resize(unpacked, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
