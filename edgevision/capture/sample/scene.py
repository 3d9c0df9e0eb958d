"""One part of the sample line: belt, part, flaws, light and sensor put together, with its truth."""

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample.belt import draw_belt
from edgevision.capture.sample.damage import add_flaws
from edgevision.capture.sample.flaws import Surface
from edgevision.capture.sample.light import draw_light, expose, shadow_of
from edgevision.capture.sample.look import LINE, Look
from edgevision.capture.sample.marks import print_mark, variant_name
from edgevision.capture.sample.shapes import Shape, draw_coverage, draw_shape
from edgevision.capture.sample.surface import Skin, draw_planks, draw_skin, draw_specks, engrave
from edgevision.capture.sample.texture import Plane, Tiles, tiles_of
from edgevision.types import ClassMap, Frame, ImageBgr, Judgement, Truth

__all__ = ["CLASS_NAMES", "SIZE_WH", "render_part"]

CLASS_NAMES = ("background", "crack", "pit", "scratch")
SIZE_WH = (640, 480)
_FRAME_PERIOD_NS = 100_000_000
_MARGIN_PX = 9
_BRIGHTEST = np.float32(246)

Scene = tuple[tuple[Plane, ...], ClassMap]
"""Blue, green and red grey levels, and the class map."""


def _draw_pose(rng: np.random.Generator, shape: Shape) -> tuple[tuple[float, float], float]:
    """Draw an angle and a centre at which the shape lies within the central square."""
    angle = rng.uniform(0, 2 * np.pi)
    outline = shape.placed((0, 0), angle).outline
    low, high = outline.min(axis=0), outline.max(axis=0)
    width, height = SIZE_WH
    left = (width - height) / 2
    x = rng.uniform(left + _MARGIN_PX - low[0], left + height - _MARGIN_PX - high[0])
    y = rng.uniform(_MARGIN_PX - low[1], height - _MARGIN_PX - high[1])
    return (x, y), angle


def _shade_edges(rng: np.random.Generator, grey: Plane, coverage: npt.NDArray[np.uint8]) -> None:
    """Brighten in place the bevels that face the light and darken the others."""
    soft = cv2.GaussianBlur(coverage, (0, 0), rng.uniform(1.6, 3.6))
    slope_x = cv2.Sobel(soft, cv2.CV_16S, 1, 0).astype(np.float32)
    slope_y = cv2.Sobel(soft, cv2.CV_16S, 0, 1).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    gain = np.float32(rng.uniform(0.0012, 0.0032))
    facing = (slope_x * np.float32(np.cos(angle)) + slope_y * np.float32(np.sin(angle))) * gain
    grey *= np.clip(1 + facing, 0.45, 1.5)


def _coloured(light: Plane, skin: Skin) -> tuple[Plane, ...]:
    if skin.blotch is None or skin.blotch_tint is None:
        return tuple(light * np.float32(factor) for factor in skin.tint)
    return tuple(
        light * (np.float32(factor) + skin.blotch * np.float32(factor * (second - 1)))
        for factor, second in zip(skin.tint, skin.blotch_tint, strict=True)
    )


def _distance_inside(coverage: npt.NDArray[np.uint8]) -> Plane:
    inside = (coverage >= 128).astype(np.uint8)
    depth: Plane = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_3).astype(np.float32, copy=False)
    return depth


def _draw_full_frame(rng: np.random.Generator, tiles: Tiles, look: Look) -> Scene:
    """Return a surface that fills the frame: no outline, belt or mark."""
    material = look.materials[int(rng.integers(len(look.materials)))]
    middle = (SIZE_WH[0] / 2, SIZE_WH[1] / 2)
    skin = draw_skin(rng, tiles, material, SIZE_WH, (middle, rng.uniform(0, np.pi)))
    draw_specks(rng, skin.grey, material.specks * 2)
    if rng.random() < look.plank_rate / max(look.full_frame_rate, 0.01):
        draw_planks(rng, skin.grey)
    lit = np.minimum(skin.grey * draw_light(rng, look, SIZE_WH), _BRIGHTEST)
    depth = np.full(lit.shape, 99, dtype=np.float32)
    class_map: ClassMap = np.zeros(lit.shape, dtype=np.uint8)
    if rng.random() < look.defect_rate:
        surface = Surface(depth, skin.texture_rad, skin.ring_centre_xy)
        class_map = add_flaws(rng, lit, surface, np.zeros_like(class_map), look)
    return _coloured(lit, skin), class_map


def _draw_part(
    rng: np.random.Generator, tiles: Tiles, place: tuple[int, int], variant_id: int, look: Look
) -> Scene:
    """Return a part on the belt; `place` is the seed and the index."""
    material = look.materials[int(rng.integers(len(look.materials)))]
    shape = draw_shape(rng)
    pose = _draw_pose(rng, shape)
    coverage = draw_coverage(shape.placed(*pose), SIZE_WH)
    depth = _distance_inside(coverage)
    skin = draw_skin(rng, tiles, material, SIZE_WH, pose)
    draw_specks(rng, skin.grey, material.specks)
    if rng.random() < 0.25:
        engrave(rng, skin.grey, depth, pose, is_round=shape.is_round)
    ink = print_mark(rng, skin.grey, depth, variant_id, pose[1])
    _shade_edges(rng, skin.grey, coverage)
    light = draw_light(rng, look, SIZE_WH)
    lit = np.minimum(skin.grey * light, _BRIGHTEST)
    class_map: ClassMap = np.zeros(lit.shape, dtype=np.uint8)
    if rng.random() < look.defect_rate:
        class_map = add_flaws(rng, lit, Surface(depth, skin.texture_rad, skin.ring_centre_xy), ink, look)
    belt = draw_belt(rng, tiles, *place, SIZE_WH) * light
    offset = rng.uniform(-9, 9, 2)
    belt *= 1 - np.float32(rng.uniform(0.3, 0.65)) * shadow_of(
        coverage, (offset[0], offset[1]), rng.uniform(4, 10)
    )
    cover = coverage.astype(np.float32) / np.float32(255)
    return tuple(belt + cover * (channel - belt) for channel in _coloured(lit, skin)), class_map


def render_part(seed: int, index: int, *, camera: str = "sample", look: Look = LINE) -> Frame:
    """Return part `index` of the line `seed` with its truth: the same bytes every time.

    The picture is (480, 640, 3) uint8; the part lies within x 80 to 560. Tiles of noise are
    kept for the last two seeds: changing the seed with every call costs 0.1 s each.
    """
    rng = np.random.default_rng([seed, index])
    tiles = tiles_of(seed)
    variant_id = int(rng.integers(look.variants))
    is_full = rng.random() < look.full_frame_rate
    if is_full:
        channels, class_map = _draw_full_frame(rng, tiles, look)
    else:
        channels, class_map = _draw_part(rng, tiles, (seed, index), variant_id, look)
    planes = [np.clip(np.rint(channel), 0, 255).astype(np.uint8) for channel in channels]
    image: ImageBgr = expose(rng, cv2.merge(planes), tiles, look)
    truth = Truth(
        judgement=Judgement.NG if class_map.any() else Judgement.OK,
        class_map=class_map,
        class_names=CLASS_NAMES,
        variant=None if is_full else variant_name(variant_id),
    )
    return Frame(
        image_bgr=image,
        camera=camera,
        frame_id=index,
        captured_ns=0,
        wall_ns=index * _FRAME_PERIOD_NS,
        part_id=f"S{seed}-{index:06d}",
        truth=truth,
    )
