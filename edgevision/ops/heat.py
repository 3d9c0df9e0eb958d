"""Draws a heat map over a picture. Pure."""

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["with_heat"]

_OPACITY = 0.6


def with_heat(
    image_bgr: npt.NDArray[np.uint8], box_xyxy: tuple[int, int, int, int], heat: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Return a copy of an (H, W, 3) picture with (h, w) heat from 0 to 1 laid over a box of that size.

    Where there is no heat the picture stays as it is.
    """
    left, top, right, bottom = box_xyxy
    level = np.clip(heat, 0, 1)
    colours = cv2.applyColorMap(np.asarray(level * 255, np.uint8), cv2.COLORMAP_INFERNO)
    weight = (np.sqrt(level) * _OPACITY)[:, :, np.newaxis]
    image = image_bgr.copy()
    part = image[top:bottom, left:right]
    part[:] = np.asarray(part * (1 - weight) + colours * weight, np.uint8)
    return image
