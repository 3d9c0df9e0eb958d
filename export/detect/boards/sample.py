"""Drawn boards as labelled pictures with their good twins: what is on one follows from seed and number."""

from collections.abc import Sequence

import numpy as np

from edgevision.errors import UsageError
from export.detect.boards.copper import copper_of, pictured
from export.detect.boards.flaws import LABELS, add_flaw
from export.detect.boards.layout import draw_layout
from export.detect.sample import BoxSample

__all__ = ["drawn_board", "golden_boards"]

_GOLDEN_SEED = 640
_GOLDEN = 32

_MOST_FLAWS = 12
_LEAST_COPPER, _MOST_COPPER = 0.06, 0.85


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
    flawed, boxes, class_ids = copper, np.zeros((0, 4), np.float32), []
    for class_id in () if is_good else rng.integers(len(LABELS), size=rng.integers(3, _MOST_FLAWS + 1)):
        flaw = add_flaw(rng, flawed, int(class_id), boxes)
        if flaw is not None:
            flawed, boxes = flaw.copper, np.vstack((boxes, flaw.box_xyxy))
            class_ids.append(flaw.class_id)
    etching = int(rng.integers(1 << 32))
    tested, reference = (pictured(one, rng, np.random.default_rng(etching)) for one in (flawed, copper))
    return BoxSample(
        f"{'good' if is_good else 'board'}-{number:06d}",
        tested,
        boxes,
        np.array(class_ids, np.int64),
        np.zeros(len(class_ids), np.bool_),
        reference,
    )
