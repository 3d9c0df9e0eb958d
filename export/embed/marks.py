"""Draws marks of the sample line on the fly, for training: variants that no line of its own will ever show.

Renders only the surroundings of a mark, with the line's own printing, some forty times faster than whole
parts. What the network is judged by comes from whole parts, see `export.embed.parts`.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample import LINE, render_part
from edgevision.capture.sample.marks import print_mark
from edgevision.ops.align import box_crop, warped

__all__ = ["Crop", "Grounds", "MarkDraw", "canonical_similarity"]

_UNMARKED = replace(LINE, marked_rate=0.0, defect_rate=0.15)
_PATCH_PX = 176
_MIDDLE_PX = 24
"""Half the side of the square in which a mark's centre lies."""
_TRIES = 4
_NOISE_PX = 1024
_STAGE = slice(80, 560)
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A mark as the device would cut it out."""

    image: Grey
    """(side, side)."""
    similarity: npt.NDArray[np.float32]
    """(4,): see `canonical_similarity`."""


class Grounds:
    """Surfaces to print on: grey pictures of unmarked parts of one line."""

    def __init__(self, seed: int, parts: int) -> None:
        """Render them; 25 ms a part."""
        images = (render_part(seed, index, look=_UNMARKED).image_bgr[:, _STAGE] for index in range(parts))
        self._greys = [np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8) for image in images]
        rng = np.random.default_rng([seed, parts])
        self._noise = rng.standard_normal((_NOISE_PX, _NOISE_PX), dtype=np.float32)

    def patch(self, rng: np.random.Generator) -> npt.NDArray[np.float32]:
        """Return the evenest of a few squares from anywhere, turned and lit anew."""
        grey = self._greys[int(rng.integers(len(self._greys)))]
        places = rng.integers(0, np.array(grey.shape) - _PATCH_PX, (_TRIES, 2), endpoint=True).tolist()
        patches = [grey[top : top + _PATCH_PX, left : left + _PATCH_PX] for top, left in places]
        evenest = min(patches, key=lambda patch: float(np.std(patch[::8, ::8])))
        return np.rot90(evenest, int(rng.integers(4))).astype(np.float32) * np.float32(rng.uniform(0.75, 1.2))

    def exposed(self, rng: np.random.Generator, grey: npt.NDArray[np.float32]) -> Grey:
        """Return what a camera makes of a square: gradient, blur, noise."""
        slope = rng.uniform(-0.12, 0.12, 2)
        ramp = np.linspace(-1, 1, _PATCH_PX, dtype=np.float32)
        lit = grey * (1 + np.float32(slope[0]) * ramp[:, None] + np.float32(slope[1]) * ramp[None, :])
        blurred = cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.4, 1.2))
        top, left = rng.integers(0, np.array(self._noise.shape) - _PATCH_PX, endpoint=True).tolist()
        noise = self._noise[top : top + _PATCH_PX, left : left + _PATCH_PX]
        noisy = blurred + noise * np.float32(rng.uniform(1, 5))
        return cv2.convertScaleAbs(np.maximum(noisy, 0)).astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class MarkDraw:
    """Draws crops of marks."""

    grounds: Grounds
    side_px: int
    margin: float
    jitter: float
    """By how much of its side a detector's box may miss the mark's; standard deviation."""

    def crop(self, rng: np.random.Generator, variant_id: int) -> Crop:
        """Return a variant at any angle, in any light."""
        grey = self.grounds.patch(rng)
        depth = np.zeros_like(grey)
        middle = slice(_PATCH_PX // 2 - _MIDDLE_PX, _PATCH_PX // 2 + _MIDDLE_PX)
        depth[middle, middle] = 200
        corners = print_mark(rng, grey, depth, variant_id, float(rng.uniform(0, 2 * np.pi)))
        matrix = box_crop(self._box(rng, corners), self.margin, (self.side_px, self.side_px))
        image = warped(self.grounds.exposed(rng, grey), matrix, (self.side_px, self.side_px))
        seen = corners @ matrix[:, :2].T + matrix[:, 2]
        return Crop(image, canonical_similarity(seen, self.side_px))

    def _box(
        self, rng: np.random.Generator, corners: npt.NDArray[np.float64]
    ) -> tuple[float, float, float, float]:
        box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        box += rng.normal(0, self.jitter, 4) * (box[2] - box[0])
        left, top, right, bottom = box.tolist()
        return left, top, right, bottom


def canonical_similarity(corners_xy: npt.NDArray[np.float64], side_px: int) -> npt.NDArray[np.float32]:
    """Return (4,) a, b, x, y: the upright square's point (u, v) lies at (a u - b v + x, b u + a v + y).

    Both in units of half a side from the centre. This is how the network turns its crop upright.

    Args:
        corners_xy: (4, 2) in pixels of the crop, clockwise from the mark's own top left.
        side_px: Of the crop.
    """
    unit = (corners_xy + 0.5) * (2 / side_px) - 1
    x, y = unit.mean(axis=0)
    a, b = (unit[1] - unit[0] + unit[2] - unit[3]) / 4
    return np.array([a, b, x, y], np.float32)
