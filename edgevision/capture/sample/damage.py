"""Flaws put onto a lit surface, visible enough to be judged, with their class map."""

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample.flaws import (
    CRACK,
    MIN_LENGTH_PX,
    PIT,
    SCRATCH,
    Flaw,
    Surface,
    draw_flaw,
    flaw_mask,
)
from edgevision.capture.sample.look import Look
from edgevision.capture.sample.texture import Bytes, Plane
from edgevision.types import ClassMap

__all__ = ["add_flaws"]

_ATTEMPTS = 60
_APART_PX = 9
_EDGE_PX = 8
"""What lies this close to an edge, where it may pass for the rim, does not count for the size of a flaw."""
_MARK_PX = 8
"""Nor does what lies this close to the printed mark, where it may pass for a part of the print."""
_BRIGHTEST = 250
_RELIEF_LEVELS = {CRACK: (0, 22), PIT: (18, 45), SCRATCH: (8, 40)}


def _relief(flaw: Flaw) -> Plane:
    """Return (h, w) from -1 to 1: the flank beside the flaw that catches the light, and the other."""
    lit = np.roll(flaw.coverage, (1, 1), axis=(0, 1)) - np.roll(flaw.coverage, (-1, -1), axis=(0, 1))
    return lit * (1 - np.float32(0.7) * flaw.coverage)


def _paint(
    rng: np.random.Generator, light: Plane, flaw: Flaw, mask: npt.NDArray[np.bool_], look: Look
) -> None:
    """Draw a flaw into the lit grey levels in place, at least as visible as the look demands."""
    window = light[flaw.window]
    here = float(np.median(window[mask]))
    rough = min(float(window.std()), 30.0)
    step = max(rng.uniform(*look.contrast_levels), 2.0 * rough, rng.uniform(0.3, 0.7) * here)
    is_bright = flaw.class_id == SCRATCH and here + step < 235 and rng.random() < 0.65
    target = np.float32(here + step if is_bright else max(here - step, 6.0))
    texture = np.float32(0.25) * (window - np.float32(here))
    lift = rng.uniform(*_RELIEF_LEVELS[flaw.class_id])
    window += flaw.coverage * (target + texture - window)
    window += _relief(flaw) * np.float32(-lift if is_bright else lift)
    np.clip(window, 0, _BRIGHTEST, out=window)


def _fits(mask: npt.NDArray[np.bool_], flaw: Flaw, class_map: ClassMap, clear: npt.NDArray[np.bool_]) -> bool:
    """Tell whether enough of the flaw lies on clear surface, away from other flaws."""
    rows, columns = np.nonzero(mask & clear[flaw.window])
    if rows.size == 0:
        return False
    around = cv2.dilate(mask.astype(np.uint8), np.ones((_APART_PX, _APART_PX), dtype=np.uint8)) > 0
    if class_map[flaw.window][around].any():
        return False
    extent = float(np.hypot(np.ptp(rows) + 1, np.ptp(columns) + 1))
    return extent >= MIN_LENGTH_PX[flaw.class_id]


def _clear(surface: Surface, mark: Bytes) -> npt.NDArray[np.bool_]:
    """Return (H, W): where nothing of the part itself can be taken for a flaw or hide one."""
    reach = 2 * _MARK_PX + 1
    near_mark = cv2.dilate(mark, np.ones((reach, reach), dtype=np.uint8)) > 0
    return (surface.depth_px > _EDGE_PX) & ~near_mark


def add_flaws(rng: np.random.Generator, light: Plane, surface: Surface, mark: Bytes, look: Look) -> ClassMap:
    """Draw flaws in place.

    Args:
        rng: source of all choices.
        light: (H, W) float32 lit grey levels, changed in place.
        surface: where flaws may be.
        mark: (H, W) uint8, above 0 where the printed mark is, which must not hide a flaw.
        look: which flaws, ranges of sizes and contrast.

    Returns:
        (H, W) uint8 class ids.
    """
    class_map: ClassMap = np.zeros(light.shape, dtype=np.uint8)
    clear = _clear(surface, mark)
    for class_id in rng.choice(look.flaw_classes, int(rng.choice(look.flaw_counts))):
        for _ in range(_ATTEMPTS):
            flaw = draw_flaw(rng, int(class_id), surface, look)
            mask = None if flaw is None else flaw_mask(flaw, surface)
            if flaw is not None and mask is not None and _fits(mask, flaw, class_map, clear):
                _paint(rng, light, flaw, mask, look)
                class_map[flaw.window][mask] = flaw.class_id
                break
    return class_map
