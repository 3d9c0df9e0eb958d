"""Draws faces of nobody, already aligned: an identity is a random face, each picture another moment of it.

They look like masks rather than persons. What they teach is what to look past: other light, another
expression, blur, noise, compression, and eyes that were found a little beside the truth.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from export.embed.batch import Batch

__all__ = ["TEMPLATE_XY", "DrawnFaces"]

TEMPLATE_XY = ((38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20))
"""Where eyes, nose and mouth corners come to lie in 112 x 112 pixels, as ArcFace's authors align faces."""
_TEMPLATE_PX = 112
_OCTAVES = (3, 5, 9, 17, 33)
Plane = npt.NDArray[np.float32]


class Oval(NamedTuple):
    """An ellipse with a soft rim, in units of the 112 pixel template."""

    centre_xy: tuple[float, float]
    radii: tuple[float, float]
    soft_px: float
    tilt: float = 0.0


class DrawnFaces:
    """Grey faces by number."""

    def __init__(self, side_px: int) -> None:
        self._side_px = side_px
        steps = np.arange(side_px, dtype=np.float32) * np.float32(_TEMPLATE_PX / side_px)
        self._x, self._y = np.meshgrid(steps, steps)

    def draw(self, rng: np.random.Generator, identities: npt.NDArray[np.int64]) -> Batch:
        """Return one new picture of each."""
        images = np.stack([self._picture(rng, number) for number in identities.tolist()])
        return Batch(images[..., np.newaxis], identities, None)

    def face(self, number: int) -> Plane:
        """Return an identity's neutral face, (side, side) from about 0 to 255, evenly lit."""
        rng = np.random.default_rng([number, 77])
        grey = np.full_like(self._x, rng.uniform(90, 190))
        grey += self._texture(rng, 12)
        skull = Oval((56, 66 + rng.normal(0, 2)), (rng.uniform(38, 48), rng.uniform(50, 62)), 4)
        self._paint(grey, skull, rng.uniform(5, 45))
        self._eyes(rng, grey)
        nose = rng.uniform(5, 10)
        self._paint(grey, Oval((56, 63), (rng.uniform(3, 6), 15), 3), rng.uniform(3, 28))
        for side in (-1, 1):
            nostril = Oval((56 + side * nose * 0.6, 74), (nose * 0.35, 2), 1.2)
            self._paint(grey, nostril, -rng.uniform(15, 70))
        mouth = Oval((56, 92), (rng.uniform(13, 19), rng.uniform(2.5, 6)), 1.5)
        self._paint(grey, mouth, -rng.uniform(8, 55))
        self._paint(grey, Oval((56, 106 + rng.normal(0, 2)), (rng.uniform(8, 20), 6), 4), rng.normal(0, 14))
        hairline = rng.uniform(2, 24) + rng.normal(0, 0.12) * (self._x - 56) + 0.006 * (self._x - 56) ** 2
        hair = 1 / (1 + np.exp(np.clip((self._y - hairline) / np.float32(1.5), -30, 30)))
        grey += hair * (np.float32(rng.uniform(20, 150)) - grey)
        return np.asarray(grey, np.float32)

    def _eyes(self, rng: np.random.Generator, grey: Plane) -> None:
        gap, tilt, brow = rng.uniform(11, 19), rng.normal(0, 0.18), -rng.uniform(15, 80)
        size, iris = (rng.uniform(6, 10), rng.uniform(2.4, 4.8)), -rng.uniform(40, 100)
        spread = rng.normal(0, 1.5)
        for side, (eye_x, y) in zip((-1, 1), TEMPLATE_XY[:2], strict=True):
            x = eye_x + side * spread
            self._paint(grey, Oval((x, y - 1), (size[0] + 4, size[1] + 5), 3), -rng.uniform(3, 28))
            self._paint(grey, Oval((x, y), size, 1), rng.uniform(5, 50))
            self._paint(grey, Oval((x, y), (size[1], size[1]), 1), iris)
            line = Oval((x, y - gap), (rng.uniform(9, 14), rng.uniform(1.5, 4)), 1.5, side * tilt)
            self._paint(grey, line, brow)

    def _picture(self, rng: np.random.Generator, number: int) -> npt.NDArray[np.uint8]:
        """Return the face as a camera sees it some day."""
        side = self._side_px
        grey = cv2.remap(
            self.face(number), *self._moved(rng), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        grey = grey * (1 + self._texture(rng, 0.10, octaves=2)) * np.float32(rng.uniform(0.75, 1.25))
        slope = rng.normal(0, 0.15, 2) / 56
        grey *= 1 + np.float32(slope[0]) * (self._x - 56) + np.float32(slope[1]) * (self._y - 56)
        grey += self._texture(rng, rng.uniform(0, 6))
        if rng.random() < 0.5:
            small = int(rng.integers(max(side // 4, 8), side))
            grey = cv2.resize(cv2.resize(grey, (small, small), interpolation=cv2.INTER_AREA), (side, side))
        grey = cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.3, 1.5))
        noise = rng.standard_normal(grey.shape, dtype=np.float32) * np.float32(rng.uniform(0, 6))
        image = np.clip(grey + noise, 0, 255).astype(np.uint8)
        if rng.random() < 0.4:
            packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])[1]
            image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        return np.asarray(image, np.uint8)

    def _moved(self, rng: np.random.Generator) -> tuple[Plane, Plane]:
        """Return from where each pixel comes: alignment a little off, a smile, small moves all over."""
        scale = self._side_px / _TEMPLATE_PX
        turn, zoom = rng.normal(0, 0.04), 1 + rng.normal(0, 0.03)
        x, y = self._x - 56, self._y - 56
        from_x = 56 + zoom * (x * np.cos(turn) - y * np.sin(turn)) + rng.normal(0, 1.2)
        from_y = 56 + zoom * (x * np.sin(turn) + y * np.cos(turn)) + rng.normal(0, 1.2)
        smile = rng.uniform(-0.2, 1.2)
        for side in (-1, 1):
            near = np.exp(-(((self._x - 56 - side * 17) / 12) ** 2 + ((self._y - 90) / 14) ** 2))
            from_x -= near * (side * smile * 4.5)
            from_y += near * (smile * 4.0)
        from_x += self._texture(rng, 0.7, octaves=3)
        from_y += self._texture(rng, 0.7, octaves=3)
        return (from_x * scale).astype(np.float32), (from_y * scale).astype(np.float32)

    def _texture(self, rng: np.random.Generator, strength: float, octaves: int = len(_OCTAVES)) -> Plane:
        """Return smooth noise whose finer parts are weaker."""
        size = (self._side_px, self._side_px)
        total = np.zeros(size, np.float32)
        for level, cells in enumerate(_OCTAVES[:octaves]):
            coarse = rng.standard_normal((cells, cells), dtype=np.float32) * np.float32(
                strength * 0.7**level * 0.6
            )
            total += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        return total

    def _paint(self, grey: Plane, oval: Oval, levels: float) -> None:
        """Brighten or darken an ellipse in place."""
        x, y = self._x - np.float32(oval.centre_xy[0]), self._y - np.float32(oval.centre_xy[1])
        y = y - np.float32(oval.tilt) * x
        radius = np.sqrt((x / oval.radii[0]) ** 2 + (y / oval.radii[1]) ** 2)
        distance = (radius - 1) * (min(oval.radii) / oval.soft_px)
        grey += np.float32(levels) / (1 + np.exp(np.clip(2 * distance, -30, 30)))
