"""Boards with drawn flaws as labelled pictures with their good twins: all follows from seed and number.

The board is drawn too, or it is a photographed good one.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.errors import UsageError
from edgevision.types import ImageBgr
from export.detect.boards.copper import Copper, copper_of, pictured
from export.detect.boards.flaws import LABELS, add_flaw
from export.detect.boards.layout import draw_layout
from export.detect.sample import BoxSample

__all__ = ["drawn_board", "flawed_board", "golden_boards"]

_GOLDEN_SEED = 640
_GOLDEN = 32

_MOST_FLAWS = 12
_LEAST_COPPER, _MOST_COPPER = 0.06, 0.85
_NEAR_PX = 7
"""So wide around each changed pixel a good board's own pixels give way to drawn ones."""

_Flawed = tuple[Copper, npt.NDArray[np.float32], npt.NDArray[np.int64]]
"""Copper with (n, 4) boxes and (n,) class ids of the flaws in it."""
_NO_FLAWS = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)


def golden_boards(labels: Sequence[str]) -> list[BoxSample]:
    """Return the boards to choose golden samples from, every other one good.

    Raises UsageError when the model knows other labels.
    """
    if tuple(labels) != LABELS:
        raise UsageError(
            f"detect.golden: drawn boards show {', '.join(LABELS)}; the model knows {', '.join(labels)}"
        )
    return [drawn_board(_GOLDEN_SEED, number, is_good=number % 2 == 0) for number in range(_GOLDEN)]


def drawn_board(seed: int, number: int, *, is_good: bool = False) -> BoxSample:
    """Return one board of 640 x 640 pixels, black copper on white; always the same for the same arguments.

    Args:
        seed: Of a series of boards.
        number: Of the board in it.
        is_good: Without flaws.
    """
    rng = np.random.default_rng((seed, number))
    copper = copper_of(draw_layout(rng))
    while not _LEAST_COPPER <= (copper > 0).mean() <= _MOST_COPPER:
        copper = copper_of(draw_layout(rng))
    flawed, boxes, class_ids = (copper, *_NO_FLAWS) if is_good else _with_flaws(rng, copper)
    etching = int(rng.integers(1 << 32))
    tested, reference = (pictured(one, rng, np.random.default_rng(etching)) for one in (flawed, copper))
    return BoxSample(
        f"{'good' if is_good else 'board'}-{number:06d}",
        tested,
        boxes,
        class_ids,
        np.zeros(len(class_ids), np.bool_),
        reference,
    )


def flawed_board(seed: int, number: int, good_bgr: ImageBgr) -> BoxSample:
    """Return the picture of a good board with flaws drawn in; always the same for the same arguments.

    Args:
        seed: Of a series of such pictures.
        number: Of the picture in it.
        good_bgr: Black copper on white.
    """
    rng = np.random.default_rng((seed, number, 1))
    copper = np.where(good_bgr[:, :, 1] < 128, 255, 0).astype(np.uint8)
    flawed, boxes, class_ids = _with_flaws(rng, copper)
    near = cv2.dilate(flawed ^ copper, np.ones((_NEAR_PX, _NEAR_PX), np.uint8)) > 0
    tested = np.where(near[:, :, np.newaxis], pictured(flawed, rng, rng), good_bgr)
    return BoxSample(
        f"flawed-{number:06d}", tested, boxes, class_ids, np.zeros(len(class_ids), np.bool_), good_bgr
    )


def _with_flaws(rng: np.random.Generator, copper: Copper) -> _Flawed:
    """Put in some flaws, as far as there is a place for them."""
    flawed, (boxes, class_ids) = copper, _NO_FLAWS
    for class_id in rng.integers(len(LABELS), size=rng.integers(3, _MOST_FLAWS + 1)):
        flaw = add_flaw(rng, flawed, int(class_id), boxes)
        if flaw is not None:
            flawed, boxes = flaw.copper, np.vstack((boxes, flaw.box_xyxy))
            class_ids = np.append(class_ids, flaw.class_id)
    return flawed, boxes, class_ids
