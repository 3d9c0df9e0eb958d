"""The surface of a part: its material's texture, engraving, specks and stains, all harmless."""

from dataclasses import dataclass

import cv2
import numpy as np

from edgevision.capture.sample.light import draw_sheen
from edgevision.capture.sample.look import Material
from edgevision.capture.sample.shapes import Pose
from edgevision.capture.sample.texture import PROFILE_STEPS_PER_PX, Plane, Tiles, draw_texture

__all__ = ["Skin", "draw_patches", "draw_planks", "draw_skin", "draw_specks", "engrave"]


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """Grey level (H, W) float32 under even light, colours, and the direction of its marks."""

    grey: Plane
    tint: tuple[float, float, float]
    blotch: Plane | None
    """(H, W) from 0 to 1: where the second colour shows."""
    blotch_tint: tuple[float, float, float] | None
    texture_rad: float | None
    ring_centre_xy: tuple[float, float] | None
    gloss: float


def _ring_plane(
    rng: np.random.Generator, tiles: Tiles, size_wh: tuple[int, int], centre_xy: tuple[float, float]
) -> tuple[Plane, Plane]:
    """Return grooves around a centre, and the bow-tie in which they reflect."""
    dx = (np.arange(size_wh[0], dtype=np.float32) - np.float32(centre_xy[0]))[None, :]
    dy = (np.arange(size_wh[1], dtype=np.float32) - np.float32(centre_xy[1]))[:, None]
    square = dx * dx + dy * dy + np.float32(30)
    steps = (np.sqrt(square) * np.float32(PROFILE_STEPS_PER_PX * rng.uniform(0.7, 1.1))).astype(np.int32)
    steps += int(rng.integers(4096))
    steps &= 4095
    grooves = tiles.profile[steps]
    twice = rng.uniform(0, 2 * np.pi)
    bow = np.float32(np.cos(twice)) * (dx * dx - dy * dy) + np.float32(2 * np.sin(twice)) * (dx * dy)
    return grooves, (bow / square).astype(np.float32, copy=False)


def draw_skin(
    rng: np.random.Generator,
    tiles: Tiles,
    material: Material,
    size_wh: tuple[int, int],
    pose: Pose,
) -> Skin:
    """Draw the surface of a part of this material."""
    centre, angle = pose.centre_xy, pose.angle_rad
    grain, mottle, brush = (rng.uniform(*r) for r in (material.grain, material.mottle, material.brush))
    factors = 1 + draw_texture(rng, tiles.grain, size_wh, grain)
    texture_rad = ring_centre = None
    if mottle > 0:
        factors += draw_texture(rng, tiles.mottle, size_wh, mottle)
    if brush > 0.01:
        texture_rad = angle + float(rng.choice([0.0, np.pi / 2])) + rng.normal(0, 0.03)
        factors += draw_texture(rng, tiles.brush, size_wh, brush, texture_rad)
    if material.rings[1] > 0 or material.arcs[1] > 0:
        is_arc = material.arcs[1] > 0
        away = rng.uniform(300, 700) if is_arc else 0.0
        towards = rng.uniform(0, 2 * np.pi)
        ring_centre = (centre[0] + away * float(np.cos(towards)), centre[1] + away * float(np.sin(towards)))
        grooves, bow = _ring_plane(rng, tiles, size_wh, ring_centre)
        factors += np.float32(rng.uniform(*(material.arcs if is_arc else material.rings))) * grooves
        factors += np.float32(0 if is_arc else rng.uniform(0.05, 0.16)) * bow
    gloss = rng.uniform(*material.sheen)
    factors *= draw_sheen(rng, gloss, size_wh)
    blotch = None
    if material.blotch is not None:
        blotch = np.clip(draw_texture(rng, tiles.cloud, size_wh, 0.35) + rng.uniform(-0.1, 0.5), 0, 0.8)
    tint = material.tints[int(rng.integers(len(material.tints)))]
    grey = factors * np.float32(rng.uniform(*material.albedo))
    return Skin(grey, tint, blotch, material.blotch, texture_rad, ring_centre, gloss)


def draw_specks(rng: np.random.Generator, grey: Plane, most: int) -> None:
    """Darken or brighten `grey` in place: specks under 3 px, and soft stains without an outline."""
    height, width = grey.shape
    for _ in range(int(rng.integers(0, most + 1))):
        x, y = int(rng.integers(2, width - 3)), int(rng.integers(2, height - 3))
        side_x, side_y = rng.integers(1, 3, 2)
        grey[y : y + side_y, x : x + side_x] *= np.float32(rng.choice([0.72, 0.8, 0.88, 1.12]))
    for _ in range(int(rng.integers(0, 3))):
        x, y = int(rng.integers(60, width - 60)), int(rng.integers(60, height - 60))
        stain = np.zeros((120, 120), dtype=np.uint8)
        axes = (int(rng.integers(8, 34)), int(rng.integers(8, 34)))
        cv2.ellipse(stain, (60, 60), axes, rng.uniform(0, 180), 0, 360, 255, cv2.FILLED)
        soft = cv2.GaussianBlur(stain, (0, 0), rng.uniform(7, 11)).astype(np.float32)
        grey[y - 60 : y + 60, x - 60 : x + 60] *= 1 - soft * np.float32(rng.uniform(-0.06, 0.13) / 255)


def draw_patches(rng: np.random.Generator, grey: Plane, most: int) -> None:
    """Change `grey` in place by a few per cent within flat ragged patches."""
    height, width = grey.shape
    change = np.zeros(grey.shape, dtype=np.float32)
    for _ in range(int(rng.integers(0, most + 1))):
        x, y, size = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(3, 14)
        angles = np.arange(9) * (2 * np.pi / 9)
        radii = size * rng.uniform(0.4, 1.3, 9)
        corners = np.stack([x + 1.5 * radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)
        cv2.fillPoly(change, [np.rint(corners).astype(np.int32)], rng.uniform(-0.16, 0.08))
    if most:
        grey *= 1 + cv2.GaussianBlur(change, (0, 0), 1.2)


def engrave(
    rng: np.random.Generator,
    grey: Plane,
    depth_px: Plane,
    pose: Pose,
    *,
    is_round: bool,
) -> None:
    """Cut an even groove into `grey` in place: circles on round parts, lines across others."""
    (x, y), angle = pose.centre_xy, pose.angle_rad
    groove = np.zeros(grey.shape, dtype=np.uint8)
    width = int(rng.integers(3, 6))
    fixed = (round(x * 16), round(y * 16))
    if is_round:
        radius = rng.uniform(0.45, 0.9) * 200
        cv2.circle(groove, fixed, round(radius * 16), 255, width, cv2.LINE_AA, 4)
    else:
        for side in (-1, 1):
            offset = side * rng.uniform(70, 110)
            foot = np.array([x - offset * np.sin(angle), y + offset * np.cos(angle)])
            along = np.array([np.cos(angle), np.sin(angle)]) * 400
            start, end = (np.rint((foot + s * along) * 16).astype(int).tolist() for s in (-1, 1))
            cv2.line(groove, start, end, 255, width, cv2.LINE_AA, 4)
    groove[depth_px < 1] = 0
    # A groove has a dark and a bright flank.
    relief = groove.astype(np.float32) / np.float32(255)
    lit = np.roll(relief, (1, 1), axis=(0, 1)) - relief
    grey *= 1 - np.float32(rng.uniform(0.1, 0.2)) * relief + np.float32(rng.uniform(0.12, 0.25)) * lit


def draw_planks(rng: np.random.Generator, grey: Plane) -> None:
    """Draw the straight marks of boards into `grey` in place, from border to border."""
    height, width = grey.shape
    angle = float(rng.choice([0.0, np.pi / 2])) + rng.normal(0, 0.08)
    normal = np.array([-np.sin(angle), np.cos(angle)])
    along = np.array([np.cos(angle), np.sin(angle)]) * 900
    pitch = rng.uniform(60, 190)
    for step in range(-6, 7):
        foot = np.array([width / 2, height / 2]) + normal * (step * pitch + rng.normal(0, 4))
        line = np.zeros(grey.shape, dtype=np.uint8)
        start, end = (np.rint((foot + s * along) * 16).astype(int).tolist() for s in (-1, 1))
        cv2.line(line, start, end, 255, int(rng.integers(1, 5)), cv2.LINE_AA, 4)
        grey *= 1 - line.astype(np.float32) * np.float32(rng.uniform(-0.15, 0.38) / 255)
