import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.ops.boxes import suppress
from edgevision.ops.detections import Detections
from edgevision.ops.merging import exclude, merge
from tests.detectbundles import detections

SQUARE = (0.0, 0.0, 20.0, 20.0)


def test_a_finding_is_the_mean_of_the_boxes_that_agree() -> None:
    every = detections((0, 0.9, SQUARE), (0, 0.6, (3.0, 0.0, 23.0, 20.0)), (0, 0.5, (60.0, 0.0, 80.0, 20.0)))

    found = merge(every[np.array([0, 2])], every, 2)

    assert found.scores == pytest.approx([0.75, 0.25])
    assert found.boxes_xyxy[0] == pytest.approx([1.2, 0, 21.2, 20])
    assert found.boxes_xyxy[1] == pytest.approx([60, 0, 80, 20])


def test_neither_other_classes_nor_loose_boxes_nor_more_than_asked_for_have_a_vote() -> None:
    every = detections((0, 0.8, SQUARE), (1, 0.7, SQUARE), (0, 0.6, (8.0, 0.0, 28.0, 20.0)))
    crowd = detections(*((0, score, SQUARE) for score in (0.8, 0.6, 0.4, 0.2)))

    assert merge(every[:1], every, 2).scores == pytest.approx([0.4])
    assert merge(crowd[:1], crowd, 2).scores == pytest.approx([0.7])


def test_what_a_better_finding_has_suppressed_does_not_lift_another() -> None:
    chain = [(x, 0.0, x + 20.0, 20.0) for x in (0.0, 4.0, 8.0)]
    every = detections((0, 0.9, chain[0]), (0, 0.8, chain[1]), (0, 0.2, chain[2]))

    found = merge(every[np.array([0, 2])], every, 2)

    assert found.scores == pytest.approx([0.85, 0.1])


def test_what_more_boxes_say_comes_first() -> None:
    every = detections((0, 0.8, SQUARE), (1, 0.7, (50.0, 0.0, 70.0, 20.0)), (1, 0.6, (50.0, 0.0, 70.0, 20.0)))

    assert merge(every[:2], every, 2).class_ids.tolist() == [1, 0]


def test_nothing_stays_nothing() -> None:
    nothing = Detections.empty()

    assert len(merge(nothing, nothing, 8)) == len(exclude(nothing, 0.5)) == 0


def test_one_place_shows_one_class() -> None:
    found = detections(
        (0, 0.8, SQUARE),
        (1, 0.5, (1.0, 0.0, 21.0, 20.0)),
        (2, 0.4, (60.0, 0.0, 80.0, 20.0)),
        (0, 0.3, SQUARE),
    )

    left = exclude(found, 0.5)

    assert left.class_ids.tolist() == [0, 2, 0, 1]
    assert left.scores == pytest.approx([0.8, 0.4, 0.15, 0.1])


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_lower_scores_change_nothing_above_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 60, (40, 2))
    boxes = np.concatenate((low, low + rng.uniform(10, 30, (40, 2))), axis=1).astype(np.float32)
    scores = -np.sort(-rng.uniform(0.1, 1, 40)).astype(np.float32)
    every = Detections(boxes, scores, rng.integers(0, 3, 40))

    def found(limit: float) -> Detections:
        kept = exclude(merge(suppress(every[scores >= limit], 0.45, 200), every, 3), 0.45)
        return kept[kept.scores >= np.float32(0.3)]

    high, all_of_them = found(0.3), found(0.0)
    assert high.scores.tolist() == all_of_them.scores.tolist()
    assert high.boxes_xyxy.tolist() == all_of_them.boxes_xyxy.tolist()
