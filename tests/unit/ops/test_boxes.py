from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.ops.boxes import (
    clip_boxes,
    cxcywh_of,
    decode_boxes,
    encode_boxes,
    iou_matrix,
    prior_boxes,
    suppress,
    xyxy_of,
)
from edgevision.ops.detections import Detections

Boxes = npt.NDArray[np.float32]

EDGE = st.floats(0, 300, width=32)
SIDE = st.floats(1, 300, width=32)
BOXES = st.lists(st.tuples(EDGE, EDGE, SIDE, SIDE), min_size=1, max_size=20).map(
    lambda rows: np.array([(x, y, x + w, y + h) for x, y, w, h in rows], np.float32)
)


@dataclass(frozen=True)
class Grid:
    map_wh: tuple[int, int]
    sizes_wh: tuple[tuple[float, float], ...]


def detections(boxes: Sequence[tuple[float, ...]], scores: list[float], classes: list[int]) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.array(classes, np.int64)
    )


def test_priors_lie_at_the_centres_of_cells_row_by_row_and_size_by_size() -> None:
    priors = prior_boxes([Grid((2, 1), ((10, 20), (30, 30))), Grid((1, 2), ((5, 5),))], (100, 60))

    assert priors.dtype == np.float32
    assert priors.tolist() == [
        [25, 30, 10, 20],
        [25, 30, 30, 30],
        [75, 30, 10, 20],
        [75, 30, 30, 30],
        [50, 15, 5, 5],
        [50, 45, 5, 5],
    ]


def test_no_grid_has_no_priors() -> None:
    assert prior_boxes([], (100, 60)).shape == (0, 4)


def test_offsets_are_those_of_the_paper() -> None:
    prior = np.array([[50, 50, 20, 40]], np.float32)
    box = np.array([[44, 42, 64, 82]], np.float32)

    offsets = encode_boxes(box, prior, (0.1, 0.2))

    assert offsets == pytest.approx(np.array([[4 / 20 / 0.1, 12 / 40 / 0.1, 0, 0]]), abs=1e-6)


@settings(deadline=None)
@given(BOXES, st.integers(0, 2**32 - 1))
def test_decoding_undoes_encoding(boxes: Boxes, seed: int) -> None:
    rng = np.random.default_rng(seed)
    priors = rng.uniform((0, 0, 2, 2), (300, 300, 300, 300), (len(boxes), 4)).astype(np.float32)

    assert decode_boxes(encode_boxes(boxes, priors), priors) == pytest.approx(boxes, abs=0.01)


def test_a_wild_offset_gives_a_finite_box() -> None:
    box = decode_boxes(np.full((1, 4), 1e9, np.float32), np.array([[5, 5, 10, 10]], np.float32))

    assert np.isfinite(box).all()


@settings(deadline=None)
@given(BOXES)
def test_centres_and_corners_say_the_same(boxes: Boxes) -> None:
    assert xyxy_of(cxcywh_of(boxes)) == pytest.approx(boxes, abs=1e-3)


def test_intersection_over_union() -> None:
    one = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], np.float32)
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]], np.float32)

    assert iou_matrix(one, others) == pytest.approx(np.array([[1, 1 / 3, 0], [0, 0, 0]]), abs=1e-6)


@settings(deadline=None)
@given(BOXES, BOXES)
def test_overlap_is_symmetric_and_a_fraction(ones: Boxes, others: Boxes) -> None:
    overlap = iou_matrix(ones, others)

    assert overlap == pytest.approx(iou_matrix(others, ones).T)
    assert overlap.min() >= 0
    assert overlap.max() <= 1 + 1e-5


def test_boxes_are_cut_at_the_picture() -> None:
    boxes = np.array([[-5, 2, 8, 30], [40, 40, 50, 50]], np.float32)

    assert clip_boxes(boxes, (20, 25)).tolist() == [[0, 2, 8, 25], [20, 25, 20, 25]]


def test_of_two_boxes_on_one_thing_the_better_stays() -> None:
    boxes = [(0, 0, 10, 10), (1, 0, 11, 10), (30, 30, 40, 40)]

    kept = suppress(detections(boxes, [0.9, 0.8, 0.7], [0, 0, 0]), 0.5, 100)

    assert kept.scores.tolist() == pytest.approx([0.9, 0.7])


def test_what_was_dropped_drops_nothing_itself() -> None:
    chain = [(0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10)]

    kept = suppress(detections(chain, [0.9, 0.8, 0.7], [0, 0, 0]), 0.4, 100)

    assert kept.boxes_xyxy[:, 0].tolist() == [0, 8]


def test_classes_do_not_drop_each_other() -> None:
    kept = suppress(detections([(0, 0, 10, 10)] * 2, [0.9, 0.8], [0, 1]), 0.5, 100)

    assert kept.class_ids.tolist() == [0, 1]


def test_only_so_many_stay_as_may() -> None:
    apart = [(20.0 * i, 0.0, 20.0 * i + 10, 10.0) for i in range(5)]

    assert len(suppress(detections(apart, [0.9, 0.8, 0.7, 0.6, 0.5], [0] * 5), 0.5, 3)) == 3


def test_nothing_stays_of_nothing() -> None:
    assert len(suppress(Detections.empty(), 0.5, 3)) == 0


@settings(deadline=None)
@given(BOXES, st.data())
def test_lower_scores_never_change_what_stays_above(boxes: Boxes, data: st.DataObject) -> None:
    scores = np.linspace(0.9, 0.1, len(boxes), dtype=np.float32)
    class_ids = np.array(
        data.draw(st.lists(st.integers(0, 2), min_size=len(boxes), max_size=len(boxes))), np.int64
    )
    found = Detections(boxes, scores, class_ids)

    above = suppress(found[scores >= 0.5], 0.3, 7)
    every = suppress(found, 0.3, 7)

    assert every[every.scores >= 0.5].boxes_xyxy.tolist() == above.boxes_xyxy.tolist()
