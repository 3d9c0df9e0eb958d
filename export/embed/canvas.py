"""What drawn faces are painted with: soft ovals and smooth noise on square planes. Pure array functions."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["TEMPLATE_PX", "Canvas", "Plane"]

TEMPLATE_PX = 112
"""All places and sizes are in units of a picture of this side, whatever is drawn."""
_OCTAVES = (3, 5, 9, 17, 33, 56)
Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """The places of all pixels of a square picture."""

    side_px: int
    x: Plane
    y: Plane
    """(side, side), in units of the template."""

    @classmethod
    def of(cls, side_px: int) -> "Canvas":
        """Return the canvas of a picture of this side."""
        steps = np.arange(side_px, dtype=np.float32) * np.float32(TEMPLATE_PX / side_px)
        return cls(side_px, *np.meshgrid(steps, steps))

    def oval(
        self,
        centre_xy: tuple[float, float],
        radii_xy: tuple[float, float],
        soft: float,
        slope: float = 0.0,
        bend: float = 0.0,
    ) -> Plane:
        """Return (side, side), 1 inside an ellipse and 0 outside, across a rim of `soft`.

        Its long axis rises by `slope` and is bent: ends lie lower by `bend` times their squared distance.
        """
        x, y = self.x - np.float32(centre_xy[0]), self.y - np.float32(centre_xy[1])
        y = y - np.float32(slope) * x - np.float32(bend) * x * x
        radius = np.sqrt((x / np.float32(radii_xy[0])) ** 2 + (y / np.float32(radii_xy[1])) ** 2)
        distance = (radius - 1) * np.float32(2 * min(radii_xy) / soft)
        return np.asarray(1 / (1 + np.exp(np.clip(distance, -30, 30))), np.float32)

    def mound(self, centre_xy: tuple[float, float], radii_xy: tuple[float, float]) -> Plane:
        """Return (side, side), a Gaussian of height 1."""
        x = (self.x - np.float32(centre_xy[0])) / radii_xy[0]
        y = (self.y - np.float32(centre_xy[1])) / radii_xy[1]
        return np.asarray(np.exp(-(x * x + y * y)), np.float32)

    def noise(
        self, rng: np.random.Generator, strength: float, octaves: tuple[int, int], fall: float = 0.7
    ) -> Plane:
        """Return smooth noise of octaves from the first to before the second, each weaker by `fall`."""
        size = (self.side_px, self.side_px)
        total = np.zeros(size, np.float32)
        for level, cells in enumerate(_OCTAVES[octaves[0] : octaves[1]]):
            weight = np.float32(strength * fall**level * 0.6)
            coarse = rng.standard_normal((cells, cells), dtype=np.float32) * weight
            total += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        return total

    def moved(self, plane: Plane, from_x: Plane, from_y: Plane) -> Plane:
        """Return the plane with each pixel taken from the given place of it, in units of the template."""
        scale = np.float32(self.side_px / TEMPLATE_PX)
        x, y = np.asarray(from_x * scale, np.float32), np.asarray(from_y * scale, np.float32)
        moved = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(moved, np.float32)
