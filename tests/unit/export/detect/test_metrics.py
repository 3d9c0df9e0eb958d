import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.ops.detections import Detections
from export.detect.coco_metric import coco_map
from export.detect.metrics import Truth, measure

pytestmark = pytest.mark.export

TRUTH = Truth(
    np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32), np.array([0, 0]), np.zeros(2, np.bool_)
)


def found(*rows: tuple[list[float], float, int]) -> Detections:
    return Detections(
        np.array([box for box, _, _ in rows], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in rows], np.float32),
        np.array([class_id for _, _, class_id in rows], np.int64),
    )


def test_average_precision_is_the_area_under_the_curve_made_monotonous() -> None:
    # hit, miss, hit: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
    answer = found(([0, 0, 10, 10], 0.9, 0), ([50, 50, 60, 60], 0.8, 0), ([20, 0, 30, 10], 0.7, 0))

    metrics = measure([answer], [TRUTH], ["a", "b"])

    assert metrics.curves["a"].average_precision == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert metrics.mean_ap == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert np.isnan(metrics.curves["b"].average_precision)
    assert metrics.curves["a"].at(0.75) == pytest.approx((0.5, 0.5, 0.5))
    assert metrics.f_score(metrics.best_score()) == pytest.approx(0.8)


def test_a_second_box_on_one_object_and_one_of_another_class_are_mistakes() -> None:
    twice = found(([0, 0, 10, 10], 0.9, 0), ([0, 0, 10, 9], 0.8, 0))
    other = found(([0, 0, 10, 10], 0.9, 1))

    assert measure([twice], [TRUTH], ["a"]).curves["a"].precision.tolist() == [1.0, 0.5]
    assert measure([other], [TRUTH], ["a", "b"]).curves["a"].average_precision == 0.0


def test_difficult_objects_count_neither_way() -> None:
    hard = Truth(TRUTH.boxes_xyxy, TRUTH.class_ids, np.array([False, True]))
    answer = found(([20, 0, 30, 10], 0.9, 0), ([0, 0, 10, 10], 0.8, 0))

    curve = measure([answer], [hard], ["a"]).curves["a"]

    assert curve.objects == 1
    assert curve.average_precision == 1.0


def test_cocos_figure_is_1_for_the_truth_itself_and_falls_with_looser_boxes() -> None:
    exact = found(([0, 0, 10, 10], 0.9, 0), ([20, 0, 30, 10], 0.8, 0))
    loose = found(([0, 0, 10, 8], 0.9, 0), ([20, 0, 30, 8], 0.8, 0))

    assert coco_map([exact], [TRUTH], 1) == pytest.approx(1.0)
    assert coco_map([loose], [TRUTH], 1) == pytest.approx(0.7, abs=0.02)
    assert coco_map([Detections.empty()], [TRUTH], 1) == 0.0
