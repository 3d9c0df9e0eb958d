import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install edgevision[export]")

from export.train.metrics import Tally

pytestmark = pytest.mark.export

LABELS = ("background", "crack", "pit")


def stripe(column: int, class_id: int, width: int = 1) -> np.ndarray:
    mask = np.zeros((20, 40), np.uint8)
    mask[:, column : column + width] = class_id
    return mask


def test_counts_pixels_over_all_pictures() -> None:
    tally = Tally(LABELS)
    tally.add(stripe(5, 1, width=4), stripe(7, 1, width=4))
    tally.add(stripe(5, 1, width=2), stripe(5, 1, width=2))

    crack = tally.figures().classes[0]

    assert crack.iou == pytest.approx((2 + 2) / (6 + 2))
    assert crack.precision == pytest.approx(4 / 6)
    assert crack.recall == pytest.approx(4 / 6)
    assert crack.dice == pytest.approx(2 * 4 / 12)
    assert crack.truth_px == 6 * 20


def test_a_confused_class_costs_both_classes_but_not_the_defect_figure() -> None:
    tally = Tally(LABELS)
    tally.add(stripe(5, 1, width=4), stripe(5, 2, width=4))

    figures = tally.figures()

    assert figures.mean_iou == 0.0
    assert figures.defect_iou == 1.0


def test_a_class_that_nobody_shows_is_left_out_of_the_mean() -> None:
    tally = Tally(LABELS)
    tally.add(stripe(5, 1), stripe(5, 1))

    figures = tally.figures()

    assert figures.mean_iou == 1.0
    assert math.isnan(figures.classes[1].iou)
    assert "iou_pit" not in figures.as_flat()


@pytest.mark.parametrize(("shift", "expected"), [(0, 1.0), (4, 1.0), (5, 0.0)])
def test_a_line_a_few_pixels_beside_the_truth_counts_as_found(shift: int, expected: float) -> None:
    tally = Tally(LABELS, line_like=("crack",), tolerance_px=4)
    tally.add(stripe(10, 1), stripe(10 + shift, 1))

    assert tally.figures().as_flat()["tolerance_f1_crack"] == expected


def test_an_answer_where_nothing_is_has_no_tolerance_f1() -> None:
    tally = Tally(LABELS, line_like=("crack",))
    tally.add(stripe(5, 0), stripe(5, 1))

    assert tally.figures().as_flat()["tolerance_f1_crack"] == 0.0
