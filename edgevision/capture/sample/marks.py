"""The mark printed on each part: a dot code that follows from the number of its variant."""

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.capture.sample.texture import Bytes, Plane

__all__ = ["MARK_PX", "Corners", "mark_field", "mark_pattern", "print_mark", "variant_name"]

Corners = npt.NDArray[np.float64]
"""(4, 2): x, y of a printed pattern's corners, clockwise from the pattern's top left."""

MARK_PX = 132
"""Side of a pattern."""

_CELLS = 9
_CELL_PX = 12
_QUIET_PX = (MARK_PX - _CELLS * _CELL_PX) // 2


def variant_name(variant_id: int) -> str:
    """Return A to Z for 0 to 25, then AA, AB and so on."""
    name = ""
    rest = variant_id + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _code_cells(variant_id: int) -> npt.NDArray[np.bool_]:
    """Return (9, 9): a solid left and bottom line as orientation, 64 cells of code."""
    cells = np.ones((_CELLS, _CELLS), dtype=bool)
    cells[:-1, 1:] = np.random.default_rng([variant_id, 9, 64]).permutation(64).reshape(8, 8) < 32
    return cells


def mark_pattern(variant_id: int) -> npt.NDArray[np.uint8]:
    """Return (132, 132) uint8: 255 is ink. Any two variants differ in about half of 64 cells."""
    pattern = np.zeros((MARK_PX, MARK_PX), dtype=np.uint8)
    is_dotted = variant_id % 2 == 1
    for row, column in np.argwhere(_code_cells(variant_id)).tolist():
        left, top = _QUIET_PX + column * _CELL_PX, _QUIET_PX + row * _CELL_PX
        if is_dotted:
            centre = (left + _CELL_PX // 2, top + _CELL_PX // 2)
            cv2.circle(pattern, centre, _CELL_PX // 2 - 1, 255, cv2.FILLED)
        else:
            pattern[top : top + _CELL_PX, left : left + _CELL_PX] = 255
    return pattern


def print_mark(
    rng: np.random.Generator, grey: Plane, depth_px: Plane, variant_id: int, angle: float
) -> Corners:
    """Print the mark into `grey` in place, where it fits; return where its pattern has come to lie."""
    deepest = float(depth_px.max())
    side = min(rng.uniform(66, 84), (deepest - 4) * 1.4)
    room = np.flatnonzero(depth_px >= min(side * 0.71 + 2, deepest - 1))
    row, column = divmod(int(room[int(rng.integers(room.size))]), depth_px.shape[1])
    scale = side / MARK_PX
    turn = angle + float(rng.normal(0, 0.06))
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    half = MARK_PX / 2
    matrix = np.array(
        [[cos, -sin, column - cos * half + sin * half], [sin, cos, row - sin * half - cos * half]]
    )
    smooth = cv2.GaussianBlur(mark_pattern(variant_id), (0, 0), 0.5 / scale)
    ink = cv2.warpAffine(smooth, matrix, depth_px.shape[::-1]).astype(np.uint8, copy=False)
    cover = ink.astype(np.float32) * np.float32(rng.uniform(0.75, 0.95) / 255)
    here = float(grey[row, column])
    level = np.float32(rng.uniform(28, 60) if here > 105 else rng.uniform(215, 240))
    grey += cover * (level - grey)
    square = np.array([[0, 0, 1], [MARK_PX, 0, 1], [MARK_PX, MARK_PX, 1], [0, MARK_PX, 1]])
    return np.asarray(square @ matrix.T, np.float64)


def mark_field(corners: Corners, like: Bytes) -> Bytes:
    """Return a picture as large as `like`, 255 within the corners."""
    field = np.zeros_like(like)
    cv2.fillConvexPoly(field, np.rint(corners).astype(np.int32), 255)
    return field
