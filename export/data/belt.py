"""Parts of the sample line lying anywhere on a wide belt, as a folder of pictures: for large regions.

They look like the line's own parts, in pictures of twice its width and height, and are others than those.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample import LINE
from edgevision.capture.sample.belt import draw_belt
from edgevision.capture.sample.damage import add_flaws
from edgevision.capture.sample.light import draw_light, expose, shadow_of
from edgevision.capture.sample.marks import mark_field
from edgevision.capture.sample.scene import BRIGHTEST, SIZE_WH, STAGE_PX, coloured, draw_part_skin, to_image
from edgevision.capture.sample.texture import Plane, Tiles, tiles_of
from edgevision.errors import OutputError
from edgevision.types import ImageBgr

__all__ = ["WIDE_WH", "BeltPicture", "render_on_belt", "write_belt"]

WIDE_WH: Final = (2 * SIZE_WH[0], 2 * SIZE_WH[1])
_BORDER_PX = 80
"""Room for the shadow around the square in which a part lies."""
_STREAM = 77
_JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True, eq=False)
class BeltPicture:
    """A picture, and the class of each of its pixels."""

    image_bgr: ImageBgr
    class_map: npt.NDArray[np.uint8]


def render_on_belt(seed: int, index: int) -> BeltPicture:
    """Return part `index` of the belt `seed`: (960, 1280, 3) uint8, the same every time."""
    rng = np.random.default_rng([seed, index, _STREAM])
    tiles = tiles_of(seed)
    tiles = replace(tiles, sensor=np.tile(tiles.sensor, (3, 3, 1)))
    variant_id = int(rng.integers(LINE.variants)) if rng.random() < LINE.marked_rate else None
    skin, surface, coverage, mark = draw_part_skin(rng, tiles, variant_id, LINE)
    x, y = (int(rng.integers(_BORDER_PX, side - STAGE_PX - _BORDER_PX + 1)) for side in WIDE_WH)
    stage = slice(y, y + STAGE_PX), slice(x, x + STAGE_PX)
    light = draw_light(rng, LINE, WIDE_WH)
    lit = np.minimum(skin.grey * light[stage], BRIGHTEST)
    class_map = np.zeros(light.shape, np.uint8)
    if rng.random() < LINE.defect_rate:
        field = np.zeros_like(coverage) if mark is None else mark_field(mark, coverage)
        class_map[stage] = add_flaws(rng.spawn(1)[0], lit, surface, field, LINE)
    belt = _belt(rng, tiles, seed, index) * light * _shade(rng, coverage, x, y)
    image = np.asarray(cv2.cvtColor(cv2.convertScaleAbs(belt), cv2.COLOR_GRAY2BGR), np.uint8)
    cover = coverage.astype(np.float32) / np.float32(255)
    under = belt[stage] * (1 - cover)
    image[stage] = to_image([channel * cover + under for channel in coloured(lit, skin)])
    return BeltPicture(expose(rng, image, tiles, LINE), class_map)


def write_belt(out: Path, seed: int, parts: int) -> None:
    """Write pictures as JPEG, with a `truth.csv` that says which parts are good. Raises OutputError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lines = ["file,truth"]
        for index in range(parts):
            picture, name = render_on_belt(seed, index), f"part-{index:06d}.jpg"
            data = cv2.imencode(".jpg", picture.image_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
            (out / name).write_bytes(data.tobytes())
            lines.append(f"{name},{'NG' if picture.class_map.any() else 'OK'}")
        (out / "truth.csv").write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}; check the folder") from error


def _belt(rng: np.random.Generator, tiles: Tiles, seed: int, index: int) -> Plane:
    """Return (960, 1280) grey levels: the line's belt, mirrored at the right and below."""
    belt = draw_belt(rng, tiles, seed, index, SIZE_WH[0]) * np.float32(rng.uniform(*LINE.belt_gain))
    return np.pad(belt, ((0, SIZE_WH[1]), (0, SIZE_WH[0])), mode="symmetric")


def _shade(rng: np.random.Generator, coverage: npt.NDArray[np.uint8], x: int, y: int) -> Plane:
    """Return (960, 1280) factors: the shadow of a part whose square begins at x and y."""
    darkness = np.float32(rng.uniform(0.3, 0.65))
    soft = shadow_of(rng, np.pad(coverage, _BORDER_PX), 0)
    shade = np.ones(WIDE_WH[::-1], np.float32)
    top, left = y - _BORDER_PX, x - _BORDER_PX
    shade[top : top + soft.shape[0], left : left + soft.shape[1]] -= darkness * soft
    return shade
