"""Whether a picture shows what an earlier one showed, up to noise. Pure.

Nothing is averaged over the whole picture, where a small defect would drown: single pixels are compared,
and small blocks of them, the larger the stricter, because noise averages out in a block and a faint defect
that fills it does not. The noise of a sensor falls with the side of the block, that of JPEG pictures, whose
blocks are rounded as a whole, with its root; the limits follow the latter.
"""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["BLOCKS_PX", "Scene"]

BLOCKS_PX = (1, 2, 4, 8, 16, 32)
"""Sides of the blocks."""

_STEPS_PER_LEVEL = 16
"""Differences are kept as fine as this, so that halving them rounds little away."""

Image = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.integer[Any] | np.floating[Any]]


class Scene:
    """A picture that later ones of the same size are compared with. Safe in many threads."""

    def __init__(self, image_bgr: Image) -> None:
        """Take (H, W, 3) uint8, which must not change afterwards."""
        self._image = image_bgr
        self._half = _halved(image_bgr)

    def differs(self, image_bgr: Image, tolerance: float) -> bool:
        """Return whether anything but noise changed in any place.

        That is where in some block of b x b pixels, b of `BLOCKS_PX` and the blocks side by side, the mean of
        a colour differs by more than `tolerance` / sqrt(b) grey levels; from b = 2 on rounding may hide one.

        Args:
            image_bgr: (H, W, 3) uint8, of the same size.
            tolerance: In grey levels: by how much noise alone changes a single pixel.
        """
        if cv2.norm(image_bgr, self._image, cv2.NORM_INF) > tolerance:
            return True
        change: Pixels = np.subtract(_halved(image_bgr), self._half, dtype=np.int16)
        change *= _STEPS_PER_LEVEL
        for block_px in BLOCKS_PX[1:]:
            if cv2.norm(change, cv2.NORM_INF) > _STEPS_PER_LEVEL * tolerance / math.sqrt(block_px):
                return True
            change = _halved(change)
        return False


def _halved(image: Pixels) -> Pixels:
    """Return the means of 2 x 2 pixels; a last odd row or column counts twice."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.asarray(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE))
    return np.asarray(cv2.resize(image, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA))
