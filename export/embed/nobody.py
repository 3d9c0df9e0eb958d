"""Draws who a face of nobody is: skin, features and relief of a numbered identity, neutral and unlit.

What makes the same face look different from picture to picture is `export.embed.faces`.
"""

from typing import NamedTuple

import numpy as np

from export.embed.canvas import Canvas, Plane

__all__ = ["TEMPLATE_XY", "Nobody", "draw_nobody"]

TEMPLATE_XY = ((38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20))
"""Where eyes, nose and mouth corners come to lie in 112 x 112 pixels, as ArcFace's authors align faces."""
_SEED = 78
_SIDES = (-1, 1)


class Nobody(NamedTuple):
    """An identity."""

    skin: Plane
    """(side, side), how bright each place is, about 0 to 1."""
    relief: Plane
    """(side, side), how far each place comes forward, in units of the template."""


def draw_nobody(canvas: Canvas, number: int) -> Nobody:
    """Return an identity: features of its own in places of its own, over a relief of its own."""
    rng = np.random.default_rng([number, _SEED])
    strength = rng.uniform(1.0, 4.0)
    from_x = canvas.x + canvas.noise(rng, strength, (0, 4))
    from_y = canvas.y + canvas.noise(rng, strength, (0, 4))
    skin = _skin(canvas, rng)
    _eyes(canvas, rng, skin)
    _brows(canvas, rng, skin)
    if rng.random() < 0.12:
        _glasses(canvas, rng, skin)
    _nose(canvas, rng, skin)
    _mouth(canvas, rng, skin)
    _hair(canvas, rng, skin)
    skin = canvas.moved(skin, from_x, from_y)
    return Nobody(np.clip(skin, 0.02, 1.2), canvas.moved(_relief(canvas, rng), from_x, from_y))


def _paint(skin: Plane, where: Plane, share: float) -> None:
    """Darken (share below 0) or brighten in place."""
    skin *= 1 + np.float32(share) * where


def _skin(canvas: Canvas, rng: np.random.Generator) -> Plane:
    skin = np.full_like(canvas.x, rng.uniform(0.35, 0.75))
    skin *= 1 + canvas.noise(rng, rng.uniform(0.05, 0.3), (0, 6), fall=rng.uniform(0.6, 0.95))
    for _ in range(int(rng.integers(0, 5))):
        spot = canvas.oval(tuple(rng.uniform(20, 92, 2)), (rng.uniform(0.8, 2.2),) * 2, 1)
        _paint(skin, spot, -rng.uniform(0.1, 0.6))
    if rng.random() < 0.3:
        jaw = canvas.oval((56, 100), (rng.uniform(26, 40), rng.uniform(14, 24)), 6)
        stubble = 1 + canvas.noise(rng, 0.5, (3, 6), fall=1)
        _paint(skin, jaw * stubble, -rng.uniform(0.05, 0.5))
    return skin


def _eyes(canvas: Canvas, rng: np.random.Generator, skin: Plane) -> None:
    width, height, iris = rng.uniform(6, 9.5), rng.uniform(2.2, 4.2), rng.uniform(2.4, 3.6)
    socket, white, dark = rng.uniform(0.05, 0.4), rng.uniform(0.1, 0.6), rng.uniform(0.4, 0.9)
    slant, lid, bag = rng.normal(0, 0.08), rng.uniform(2, 4), rng.uniform(0.02, 0.25)
    lash, crease, spread = rng.uniform(0.3, 0.8), rng.uniform(0, 0.35), rng.normal(0, 1.2)
    for side, (eye_x, y) in zip(_SIDES, TEMPLATE_XY[:2], strict=True):
        x, slope = eye_x + side * spread, side * slant
        _paint(skin, canvas.mound((x, y - 2), (width + 5, height + 6)), -socket)
        _paint(skin, canvas.oval((x, y + height + 3), (width, 1.2), 1.5, bend=-0.02), -bag)
        _paint(skin, canvas.oval((x, y), (width, height), 1, slope), white)
        _paint(skin, canvas.oval((x, y - 0.5), (iris, min(iris, height)), 0.8), -dark)
        _paint(skin, canvas.oval((x, y - height), (width + 1, 0.9), 1, slope, 0.03), -lash)
        _paint(skin, canvas.oval((x, y - height - lid), (width, 0.7), 1, slope, 0.03), -crease)


def _brows(canvas: Canvas, rng: np.random.Generator, skin: Plane) -> None:
    gap, slope, bend = rng.uniform(9, 16), rng.normal(0, 0.12), rng.uniform(0, 0.02)
    radii, share = (rng.uniform(9, 14), rng.uniform(1.2, 3.2)), -rng.uniform(0.15, 0.75)
    hairs = 1 + canvas.noise(rng, 0.4, (3, 6), fall=1)
    for side, (x, y) in zip(_SIDES, TEMPLATE_XY[:2], strict=True):
        _paint(skin, canvas.oval((x + side, y - gap), radii, 1.4, side * slope, bend) * hairs, share)


def _glasses(canvas: Canvas, rng: np.random.Generator, skin: Plane) -> None:
    radii, shade = (rng.uniform(11, 15), rng.uniform(8, 12)), rng.uniform(0.3, 0.8)
    for x, y in TEMPLATE_XY[:2]:
        rim = canvas.oval((x, y + 1), radii, 1) - canvas.oval((x, y + 1), (radii[0] - 1.6, radii[1] - 1.6), 1)
        _paint(skin, rim, -shade)
    _paint(skin, canvas.oval((56, 50), (5, 0.8), 1), -shade)


def _nose(canvas: Canvas, rng: np.random.Generator, skin: Plane) -> None:
    half, y = rng.uniform(5, 10), 74 + rng.normal(0, 2)
    nostril, dark = (half * rng.uniform(0.25, 0.45), rng.uniform(0.9, 2.2)), -rng.uniform(0.25, 0.8)
    wing, fold, slope = -rng.uniform(0.05, 0.4), -rng.uniform(0, 0.25), rng.uniform(1.0, 2.2)
    for side in _SIDES:
        _paint(skin, canvas.oval((56 + side * half * 0.55, y + 2), nostril, 1), dark)
        _paint(skin, canvas.oval((56 + side * half, y), (1, 3.5), 1.2), wing)
        _paint(skin, canvas.oval((56 + side * (half + 6), 83), (4.5, 1.0), 1.5, side * slope), fold)


def _mouth(canvas: Canvas, rng: np.random.Generator, skin: Plane) -> None:
    wide, upper, lower = rng.uniform(13, 18), rng.uniform(1.2, 3.4), rng.uniform(1.6, 4.2)
    red, y = rng.uniform(0.05, 0.45), 92 + rng.normal(0, 0.7)
    top = canvas.oval((56, y - upper * 0.8), (wide * 0.85, upper), 1.2, bend=rng.uniform(0, 0.01))
    _paint(skin, top, -red)
    _paint(skin, canvas.oval((56, y + lower * 0.8), (wide * 0.75, lower), 1.4), -red * rng.uniform(0.2, 1))
    line = canvas.oval((56, y), (wide, 0.8), 1, bend=rng.normal(0, 0.006))
    _paint(skin, line, -rng.uniform(0.3, 0.8))
    _paint(skin, canvas.oval((56, y + lower + 4), (9, 1.6), 2), -rng.uniform(0, 0.3))
    if rng.random() < 0.12:
        _paint(skin, canvas.oval((56, y - 7), (wide, 3), 2, bend=0.01), -rng.uniform(0.2, 0.7))


def _hair(canvas: Canvas, rng: np.random.Generator, skin: Plane) -> None:
    away = canvas.x - 56
    line = rng.uniform(-6, 22) + rng.normal(0, 0.12) * away + rng.uniform(0, 0.008) * away * away
    outside = canvas.oval((56, 64), (rng.uniform(40, 52), rng.uniform(54, 66)), 3)
    hair = 1 / (1 + np.exp(np.clip((canvas.y - line) / np.float32(1.5), -30, 30)))
    hair = np.maximum(hair, 1 - outside)
    grain = canvas.noise(rng, rng.uniform(0.05, 0.4), (2, 6), fall=0.9)
    shade = np.float32(rng.uniform(0.05, 0.6)) * (1 + grain)
    skin += hair * (shade - skin)


def _relief(canvas: Canvas, rng: np.random.Generator) -> Plane:
    x, y = (canvas.x - 56) / rng.uniform(48, 60), (canvas.y - 62) / rng.uniform(62, 78)
    relief = 45 * np.sqrt(np.clip(1 - x * x - y * y, 0.02, 1))
    nose, bridge = rng.uniform(6, 12), rng.uniform(2, 7)
    relief += nose * canvas.mound((56, 72), (rng.uniform(6, 9), 9)) + bridge * canvas.mound((56, 60), (6, 15))
    for side, (eye_x, eye_y) in zip(_SIDES, TEMPLATE_XY[:2], strict=True):
        relief -= rng.uniform(2, 6) * canvas.mound((eye_x, eye_y), (12, 7))
        relief += rng.uniform(0, 4) * canvas.mound((eye_x, eye_y - 13), (14, 5))
        relief += rng.uniform(0, 5) * canvas.mound((56 + side * 26, 72), (12, 12))
    relief += rng.uniform(1, 4) * canvas.mound((56, 93), (16, 6))
    relief += rng.uniform(1, 6) * canvas.mound((56, 108), (14, 7))
    return np.asarray(relief + canvas.noise(rng, rng.uniform(0.5, 2.5), (1, 5)), np.float32)
