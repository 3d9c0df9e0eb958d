"""Each layout of answers, on tensors made by hand."""

import numpy as np
import pytest

from edgevision.bundle.detectspec import PriorMap
from edgevision.ops.boxes import prior_boxes
from edgevision.ops.decoders.ssd import SsdDecoder
from edgevision.ops.decoders.yolov5 import YoloV5Decoder
from edgevision.ops.decoders.yolov8 import YoloV8Decoder

PRIORS = prior_boxes([PriorMap(map_wh=(2, 2), sizes_wh=((20, 20), (40, 10)))], (100, 100))


def test_ssd_adds_offsets_to_its_priors_and_leaves_background_out() -> None:
    offsets = np.zeros((1, 8, 4), np.float32)
    offsets[0, 5] = (1.0, -2.0, np.log(2) / 0.2, 0.0)
    scores = np.zeros((1, 8, 3), np.float32)
    scores[0, :, 0] = 8.0
    scores[0, 5] = (0.0, 2.0, 9.0)

    got = SsdDecoder(PRIORS, (0.1, 0.2), "softmax", background=True).candidates((offsets, scores), 0.5)

    powers = np.exp([0.0, 2.0, 9.0])
    assert got.found.class_ids.tolist() == [1]
    assert got.found.scores == pytest.approx([powers[2] / powers.sum()])
    # Prior (25, 75, 40, 10): centre + offset * 0.1 * side, width doubled.
    assert got.found.boxes_xyxy == pytest.approx(np.array([[29 - 40, 73 - 5, 29 + 40, 73 + 5]]), abs=1e-3)


def test_ssd_with_sigmoid_scores_has_no_background() -> None:
    scores = np.full((1, 8, 2), -9, np.float32)
    scores[0, 0] = (2.0, 0.5)

    got = SsdDecoder(PRIORS, (0.1, 0.2), "sigmoid", background=False).candidates(
        (np.zeros((1, 8, 4), np.float32), scores), 0.6
    )

    assert got.found.class_ids.tolist() == [0, 1]
    assert got.found.scores == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-0.5))])
    assert got.found.boxes_xyxy[0].tolist() == [15, 15, 35, 35]


def test_ssd_may_have_decoded_its_boxes_itself() -> None:
    boxes = np.array([[[1, 2, 3, 4], [10, 20, 30, 40]]], np.float32)
    scores = np.array([[[0.1, 0.2], [0.3, 0.8]]], np.float32)

    got = SsdDecoder(None, (0.1, 0.2), "none", background=False).candidates((boxes, scores), 0.5)

    assert got.found.boxes_xyxy.tolist() == [[10, 20, 30, 40]]
    assert got.found.class_ids.tolist() == [1]


def test_yolov5_multiplies_objectness_with_the_class_score() -> None:
    rows = np.zeros((1, 4, 7), np.float32)
    rows[0, 1] = (50, 40, 20, 10, 0.9, 0.1, 0.8)
    rows[0, 2] = (50, 40, 20, 10, 0.4, 1.0, 1.0)
    rows[0, 3] = (10, 10, 4, 4, 0.95, 0.7, 0.0)

    got = YoloV5Decoder().candidates((rows,), 0.5)

    assert got.found.scores == pytest.approx([0.72, 0.665])
    assert got.found.class_ids.tolist() == [1, 0]
    assert got.found.boxes_xyxy.tolist() == [[40, 35, 60, 45], [8, 8, 12, 12]]
    assert got.score_max == pytest.approx(0.72)


def test_yolov5_knows_its_highest_score_below_the_limit() -> None:
    rows = np.zeros((1, 3, 7), np.float32)
    rows[0, 0, 4:] = (0.9, 0.1, 0.0)
    rows[0, 1, 4:] = (0.5, 0.6, 0.2)

    got = YoloV5Decoder().candidates((rows,), 0.5)

    assert len(got.found) == 0
    assert got.score_max == pytest.approx(0.3)


def test_yolov8_has_a_column_for_each_box() -> None:
    columns = np.zeros((1, 7, 5), np.float32)
    columns[0, :, 3] = (50, 40, 20, 10, 0.1, 0.2, 0.9)
    columns[0, :, 4] = (30, 30, 10, 10, 0.6, 0.2, 0.3)

    got = YoloV8Decoder().candidates((columns,), 0.5)

    assert got.found.scores == pytest.approx([0.9, 0.6])
    assert got.found.class_ids.tolist() == [2, 0]
    assert got.found.boxes_xyxy.tolist() == [[40, 35, 60, 45], [25, 25, 35, 35]]


def test_no_boxes_at_all_are_no_findings() -> None:
    empty = YoloV5Decoder().candidates((np.zeros((1, 0, 7), np.float32),), 0.5)
    also = YoloV8Decoder().candidates((np.zeros((1, 7, 0), np.float32),), 0.5)

    assert (len(empty.found), empty.score_max) == (0, 0.0)
    assert (len(also.found), also.score_max) == (0, 0.0)
