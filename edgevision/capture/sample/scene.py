"""One part of the sample line: belt, part, flaws, light and sensor put together, with its truth."""

import cv2
import numpy as np

from edgevision.capture.sample.belt import draw_belt
from edgevision.capture.sample.damage import add_flaws
from edgevision.capture.sample.flaws import Surface
from edgevision.capture.sample.light import draw_light, expose, shade_edges, shadow_of
from edgevision.capture.sample.look import LINE, Look
from edgevision.capture.sample.marks import Corners, mark_field, print_mark, variant_name
from edgevision.capture.sample.shapes import Pose, Shape, draw_coverage, draw_shape
from edgevision.capture.sample.surface import Skin, draw_patches, draw_planks, draw_skin, draw_specks, engrave
from edgevision.capture.sample.texture import Bytes, Plane, Tiles, tiles_of
from edgevision.types import ClassMap, Frame, ImageBgr, Judgement, Truth

__all__ = [
    "BRIGHTEST",
    "CLASS_NAMES",
    "SIZE_WH",
    "STAGE_PX",
    "coloured",
    "draw_part_skin",
    "render_part",
    "to_image",
]

CLASS_NAMES = ("background", "crack", "pit", "scratch")
SIZE_WH = (640, 480)
STAGE_PX = 480
"""Side of the central square, in which every part lies."""
_STAGE = slice((SIZE_WH[0] - STAGE_PX) // 2, (SIZE_WH[0] + STAGE_PX) // 2)
_FRAME_PERIOD_NS = 100_000_000
_MARGIN_PX = 9
BRIGHTEST = np.float32(246)


def _draw_pose(rng: np.random.Generator, shape: Shape) -> Pose:
    """Draw an angle and a centre at which the shape lies within the stage."""
    angle = rng.uniform(0, 2 * np.pi)
    outline = shape.placed(Pose((0, 0), angle)).outline
    low, high = _MARGIN_PX - outline.min(axis=0), STAGE_PX - _MARGIN_PX - outline.max(axis=0)
    return Pose((rng.uniform(low[0], high[0]), rng.uniform(low[1], high[1])), angle)


def coloured(lit: Plane, skin: Skin) -> list[Plane]:
    """Return blue, green and red, (H, W) each, of a surface's (H, W) grey levels."""
    if skin.blotch is None or skin.blotch_tint is None:
        return [lit * np.float32(factor) for factor in skin.tint]
    return [
        lit * (np.float32(factor) + skin.blotch * np.float32(factor * (second - 1)))
        for factor, second in zip(skin.tint, skin.blotch_tint, strict=True)
    ]


def to_image(channels: list[Plane]) -> ImageBgr:
    """Return (H, W, 3) uint8 of blue, green and red."""
    return cv2.merge([cv2.convertScaleAbs(channel) for channel in channels]).astype(np.uint8, copy=False)


def _distance_inside(coverage: Bytes) -> Plane:
    inside = (coverage >= 128).astype(np.uint8)
    return cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_3).astype(np.float32, copy=False)


def _draw_full_frame(rng: np.random.Generator, tiles: Tiles, look: Look) -> tuple[ImageBgr, ClassMap]:
    """Return a surface that fills the frame, without outline, belt or mark, and its class map."""
    material = look.materials[int(rng.integers(len(look.materials)))]
    pose = Pose((SIZE_WH[0] / 2, SIZE_WH[1] / 2), rng.uniform(0, np.pi))
    skin = draw_skin(rng, tiles, material, SIZE_WH, pose)
    draw_specks(rng, skin.grey, material.specks * 2)
    draw_patches(rng, skin.grey, material.patches * 2)
    if rng.random() < look.plank_rate:
        draw_planks(rng, skin.grey)
    lit = np.minimum(skin.grey * draw_light(rng, look, SIZE_WH), BRIGHTEST)
    class_map: ClassMap = np.zeros(lit.shape, dtype=np.uint8)
    if rng.random() < look.defect_rate:
        surface = Surface(np.full_like(lit, 99), skin.texture_rad, skin.ring_centre_xy)
        class_map = add_flaws(rng.spawn(1)[0], lit, surface, np.zeros_like(class_map), look)
    return to_image(coloured(lit, skin)), class_map


def draw_part_skin(
    rng: np.random.Generator, tiles: Tiles, variant_id: int | None, look: Look
) -> tuple[Skin, Surface, Bytes, Corners | None]:
    """Return a flawless part on the stage under even light: skin, surface, coverage, its mark's corners."""
    material = look.materials[int(rng.integers(len(look.materials)))]
    shape = draw_shape(rng, look.irregular_rate)
    pose = _draw_pose(rng, shape)
    coverage = draw_coverage(shape.placed(pose), STAGE_PX)
    depth = _distance_inside(coverage)
    skin = draw_skin(rng, tiles, material, (STAGE_PX, STAGE_PX), pose)
    draw_specks(rng, skin.grey, material.specks)
    draw_patches(rng, skin.grey, material.patches)
    if rng.random() < look.engraved_rate:
        engrave(rng, skin.grey, depth, pose, is_round=shape.is_round)
    mark = None
    if variant_id is not None:
        mark = print_mark(rng, skin.grey, depth, variant_id, pose.angle_rad)
    shade_edges(rng, skin.grey, coverage)
    return skin, Surface(depth, skin.texture_rad, skin.ring_centre_xy), coverage, mark


def _draw_part(
    rng: np.random.Generator, tiles: Tiles, belt: Plane, variant_id: int | None, look: Look
) -> tuple[ImageBgr, ClassMap, Corners | None]:
    """Return a part lying on the belt, the class map of the frame, and the corners of its mark there."""
    skin, surface, coverage, mark = draw_part_skin(rng, tiles, variant_id, look)
    light = draw_light(rng, look, SIZE_WH)
    lit = np.minimum(skin.grey * light[:, _STAGE], BRIGHTEST)
    class_map: ClassMap = np.zeros(belt.shape, dtype=np.uint8)
    if rng.random() < look.defect_rate:
        field = np.zeros_like(coverage) if mark is None else mark_field(mark, coverage)
        class_map[:, _STAGE] = add_flaws(rng.spawn(1)[0], lit, surface, field, look)
    darkness = np.float32(rng.uniform(0.3, 0.65))
    shade = 1 - darkness * shadow_of(rng, coverage, _STAGE.start)
    belt = belt * np.float32(rng.uniform(*look.belt_gain)) * light * shade
    image = cv2.cvtColor(cv2.convertScaleAbs(belt), cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    cover = coverage.astype(np.float32) / np.float32(255)
    under = belt[:, _STAGE] * (1 - cover)
    image[:, _STAGE] = to_image([channel * cover + under for channel in coloured(lit, skin)])
    return image, class_map, None if mark is None else mark + np.array([_STAGE.start, 0])


def render_part(
    seed: int, index: int, *, camera: str = "sample", look: Look = LINE, variant_id: int | None = None
) -> Frame:
    """Return part `index` of the line `seed` with its truth: the same bytes every time.

    `variant_id` prints that variant's mark instead of one of the line's own; all else stays the same.

    On processors with other vector instructions a few values in 100,000 differ by a grey level
    or two; the truth does not.

    The picture is (480, 640, 3) uint8; the part lies within x 80 to 560. Tiles of noise are
    kept for the last two seeds: changing the seed with every call costs 0.3 s each.
    """
    rng = np.random.default_rng([seed, index])
    tiles = tiles_of(seed)
    lot = int(rng.integers(look.variants)) if rng.random() < look.marked_rate else None
    variant_id = lot if variant_id is None or lot is None else variant_id
    corners = None
    is_full = rng.random() < look.full_frame_rate
    if is_full:
        image, class_map = _draw_full_frame(rng, tiles, look)
    else:
        belt = draw_belt(rng, tiles, seed, index, SIZE_WH[0])
        image, class_map, corners = _draw_part(rng, tiles, belt, variant_id, look)
    truth = Truth(
        judgement=Judgement.NG if class_map.any() else Judgement.OK,
        class_map=class_map,
        class_names=CLASS_NAMES,
        variant=None if is_full or variant_id is None else variant_name(variant_id),
        variant_corners_xy=None if corners is None else tuple((x, y) for x, y in corners.tolist()),
    )
    return Frame(
        image_bgr=expose(rng, image, tiles, look),
        camera=camera,
        frame_id=index,
        captured_ns=0,
        wall_ns=index * _FRAME_PERIOD_NS,
        part_id=f"S{seed}-{index:06d}",
        truth=truth,
    )
