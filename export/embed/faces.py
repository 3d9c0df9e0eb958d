"""Draws faces of nobody, already aligned: each picture is another moment of a numbered identity.

They look like masks rather than persons. What they teach is what to look past: other light, another
expression, blur, noise, compression, and eyes that were found a little beside the truth.
"""

import cv2
import numpy as np
import numpy.typing as npt

from export.embed.batch import Batch
from export.embed.canvas import Canvas, Plane
from export.embed.nobody import TEMPLATE_XY, draw_nobody

__all__ = ["DrawnFaces"]


class DrawnFaces:
    """Grey faces by number."""

    def __init__(self, side_px: int) -> None:
        self._canvas = Canvas.of(side_px)

    def draw(self, rng: np.random.Generator, identities: npt.NDArray[np.int64]) -> Batch:
        """Return one new picture of each."""
        images = np.stack([self._picture(rng, number) for number in identities.tolist()])
        return Batch(images[..., np.newaxis], identities, None)

    def _picture(self, rng: np.random.Generator, number: int) -> npt.NDArray[np.uint8]:
        """Return the face as a camera sees it some day."""
        canvas, nobody = self._canvas, draw_nobody(self._canvas, number)
        smile = rng.uniform(-0.2, 1.2)
        lit = nobody.skin * _light(canvas, rng, nobody.relief)
        lit = canvas.moved(lit, *_expression(canvas, rng, smile))
        if smile > 0.3 and rng.random() < 0.6:
            _show_teeth(canvas, rng, lit, smile)
        grey = canvas.moved(lit, *_misaligned(canvas, rng)) * np.float32(rng.uniform(140, 300))
        return _photographed(rng, grey)


def _light(canvas: Canvas, rng: np.random.Generator, relief: Plane) -> Plane:
    """Return how bright a matt relief is under a lamp in front of it and light from everywhere."""
    down, right = np.gradient(relief, 112 / canvas.side_px)
    x, y = rng.normal(0, 0.35), rng.normal(-0.25, 0.35)
    facing = (1 - x * right - y * down) / np.sqrt((1 + right**2 + down**2) * (1 + x * x + y * y))
    ambient = rng.uniform(0.3, 0.8)
    shade = ambient + (1 - ambient) * np.clip(facing, 0, 1)
    return np.asarray(shade * (1 + canvas.noise(rng, 0.06, (0, 2))), np.float32)


def _expression(canvas: Canvas, rng: np.random.Generator, smile: float) -> tuple[Plane, Plane]:
    """Return from where each pixel comes: mouth, cheeks, lids and brows have moved."""
    from_x, from_y = canvas.x.copy(), canvas.y.copy()
    squint, brow = rng.uniform(-0.1, 0.4) + 0.2 * smile, rng.normal(0, 1.2)
    for side, (eye_x, eye_y) in zip((-1, 1), TEMPLATE_XY[:2], strict=True):
        corner = canvas.mound((56 + side * 17, 90), (12, 12))
        from_x -= corner * np.float32(side * smile * 4.5)
        from_y += corner * np.float32(smile * 3.5)
        from_y += canvas.mound((56 + side * 24, 74), (13, 11)) * np.float32(smile * 3.0)
        from_y += canvas.mound((eye_x, eye_y), (11, 6)) * (canvas.y - np.float32(eye_y)) * np.float32(squint)
        from_y += canvas.mound((eye_x, eye_y - 13), (14, 6)) * np.float32(brow)
    from_x -= canvas.mound((56, 75), (14, 8)) * (canvas.x - 56) * np.float32(0.15 * max(smile, 0))
    from_x += canvas.noise(rng, 0.8, (0, 4))
    from_y += canvas.noise(rng, 0.8, (0, 4))
    return from_x, from_y


def _show_teeth(canvas: Canvas, rng: np.random.Generator, lit: Plane, smile: float) -> None:
    """Open the mouth of a smile, and fold the cheeks beside it, in place."""
    wide, bend = rng.uniform(11, 17), -rng.uniform(0.005, 0.02)
    open_by = rng.uniform(1.0, 4.5) * min(smile, 1)
    lips = canvas.oval((56, 92), (wide + 1.5, open_by + 1), 1, 0, bend)
    lit *= 1 - lips * np.float32(rng.uniform(0.3, 0.7))
    teeth = canvas.oval((56, 91.5), (wide - 1, open_by), 0.8, 0, bend)
    lit += teeth * (np.float32(rng.uniform(0.6, 1.0)) - lit)
    for side in (-1, 1):
        fold = canvas.oval((56 + side * rng.uniform(19, 23), 82), (4, 1.0), 1.5, side * rng.uniform(1, 2.2))
        lit *= 1 - fold * np.float32(rng.uniform(0, 0.35))


def _misaligned(canvas: Canvas, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Return from where each pixel comes when landmarks were found a little beside the truth."""
    turn, zoom = rng.normal(0, 0.03), 1 + rng.normal(0, 0.04)
    x, y = (canvas.x - 56) * np.float32(zoom), (canvas.y - 72) * np.float32(zoom)
    from_x = 56 + x * np.cos(turn) - y * np.sin(turn) + rng.normal(0, 1.0)
    from_y = 72 + x * np.sin(turn) + y * np.cos(turn) + rng.normal(0, 1.3)
    return np.asarray(from_x, np.float32), np.asarray(from_y, np.float32)


def _photographed(rng: np.random.Generator, grey: Plane) -> npt.NDArray[np.uint8]:
    """Return the picture through a camera: sometimes far away, blurred, noisy, compressed."""
    side = len(grey)
    if rng.random() < 0.5:
        small = int(rng.integers(max(side // 4, 8), side))
        far = cv2.resize(grey, (small, small), interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.resize(far, (side, side)), np.float32)
    blurred = cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.3, 1.5))
    noise = rng.standard_normal(grey.shape, dtype=np.float32) * np.float32(rng.uniform(0, 6))
    image = np.clip(blurred + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])[1]
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return np.asarray(image, np.uint8)
