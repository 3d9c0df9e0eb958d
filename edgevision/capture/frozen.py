"""Notices a camera that repeats one picture. Pure: pictures and their times in, yes or no out."""

import numpy as np

from edgevision.types import ImageBgr

__all__ = ["FrozenDetector"]

_STRIDE_PX = 16


class FrozenDetector:
    """Says whether the same pixels have been seen for `frozen_after_s`.

    Sensor noise changes some pixel of a living picture, so a sparse grid of pixels nearly
    always decides; the whole picture is compared only when the grid has not changed.
    """

    def __init__(self, frozen_after_s: float) -> None:
        """Remember nothing yet."""
        self._frozen_after_ns = round(frozen_after_s * 1e9)
        self._last_bgr: ImageBgr | None = None
        self._unchanged_since_ns = 0

    def update(self, image_bgr: ImageBgr, captured_ns: int) -> bool:
        """Take the next picture, which must not be written to afterwards; return whether it is frozen."""
        if self._last_bgr is None or not _same_pixels(self._last_bgr, image_bgr):
            self._unchanged_since_ns = captured_ns
        self._last_bgr = image_bgr
        return captured_ns - self._unchanged_since_ns >= self._frozen_after_ns


def _same_pixels(a: ImageBgr, b: ImageBgr) -> bool:
    if a.shape != b.shape:
        return False
    grid = (slice(None, None, _STRIDE_PX), slice(None, None, _STRIDE_PX))
    return np.array_equal(a[grid], b[grid]) and np.array_equal(a, b)
