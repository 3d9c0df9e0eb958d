import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.ops.masks import (
    Foreground,
    class_map,
    components,
    foreground,
    probabilities,
)
from edgevision.ops.polygons import polygon_mask

Planes = npt.NDArray[np.float32]


def _random_planes(classes: int, seed: int = 3) -> Planes:
    logits = np.random.default_rng(seed).normal(0, 2, (classes, 20, 30))
    powers = np.exp(logits)
    return np.asarray(powers / powers.sum(axis=0), np.float32)


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_a_class_map_is_the_best_class_where_it_reaches_the_threshold(classes: int, threshold: float) -> None:
    planes = _random_planes(classes)
    expected = np.where(planes.max(axis=0) >= threshold, planes.argmax(axis=0), 0)
    assert np.array_equal(class_map(planes, threshold), expected)
    assert class_map(planes, threshold).dtype == np.uint8


def test_a_tie_with_the_background_is_background_and_among_others_the_lower_class() -> None:
    planes = np.array([[[0.4, 0.2]], [[0.4, 0.4]], [[0.2, 0.4]]], np.float32)
    assert class_map(planes, 0.1).tolist() == [[0, 1]]


def test_a_threshold_that_is_reached_exactly_counts() -> None:
    planes = np.array([[[0.25]], [[0.75]]], np.float32)
    assert class_map(planes, 0.75).tolist() == [[1]]


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_softmax_is_applied_in_either_layout_and_does_not_overflow(classes: int, layout: str) -> None:
    logits = np.random.default_rng(1).normal(0, 300, (1, classes, 4, 5)).astype(np.float32)
    exact = np.exp(logits[0].astype(np.float64) - logits[0].max(axis=0))
    exact /= exact.sum(axis=0)
    output = logits if layout == "NCHW" else logits.transpose(0, 2, 3, 1)
    planes = probabilities(output, "NHWC" if layout == "NHWC" else "NCHW", "softmax")
    assert planes.shape == (classes, 4, 5)
    assert np.allclose(planes, exact, atol=1e-6)


def test_a_single_channel_is_the_probability_of_class_one() -> None:
    logits = np.array([[[[-1000.0, 0.0, 1000.0, 2.0]]]], np.float32)
    planes = probabilities(logits, "NCHW", "sigmoid")
    assert planes.shape == (2, 1, 4)
    assert np.allclose(planes[1, 0], [0, 0.5, 1, 1 / (1 + np.exp(-2))], atol=1e-6)
    assert np.allclose(planes.sum(axis=0), 1)
    assert class_map(planes, 0.6).tolist() == [[0, 0, 1, 1]]


def test_no_activation_leaves_probabilities_as_they_are() -> None:
    planes = _random_planes(3)
    assert np.array_equal(probabilities(planes[np.newaxis]), planes)


def test_components_have_class_score_box_area_and_outline() -> None:
    class_ids = np.zeros((40, 50), np.uint8)
    class_ids[5:9, 10:20] = 1
    class_ids[9, 20] = 1  # touches by a corner
    class_ids[20:30, 30:32] = 3
    planes = np.zeros((4, 40, 50), np.float32)
    planes[1], planes[3] = 0.6, 0.9
    planes[1, 9, 20] = 1.0
    first, second = components(class_ids, planes)
    assert (first.class_id, first.box_xyxy, first.area_px) == (1, (10, 5, 21, 10), 41)
    assert first.score == pytest.approx((40 * 0.6 + 1.0) / 41, abs=1e-6)
    assert (second.class_id, second.box_xyxy, second.area_px) == (3, (30, 20, 32, 30), 20)
    assert second.score == pytest.approx(0.9, abs=1e-6)
    assert sorted(second.outline_xy.tolist()) == [[30, 20], [30, 29], [31, 20], [31, 29]]


def test_a_filled_outline_is_the_component_again() -> None:
    class_ids = np.zeros((60, 60), np.uint8)
    cv2.ellipse(class_ids, (30, 25), (20, 9), 30, 0, 360, 2, cv2.FILLED)
    (found,) = components(class_ids, np.ones((60, 60), np.float32))
    assert np.array_equal(polygon_mask(found.outline_xy, (0, 0, 60, 60)), class_ids // 2)
    left, top, right, bottom = found.box_xyxy
    assert np.array_equal(found.mask, class_ids[top:bottom, left:right] // 2)


def test_touching_classes_are_different_components() -> None:
    class_ids = np.array([[1, 1, 2, 2, 2]], np.uint8)
    found = components(class_ids, np.ones((1, 5), np.float32))
    assert [(component.class_id, component.area_px) for component in found] == [(2, 3), (1, 2)]


def test_components_below_the_minimum_area_are_left_out() -> None:
    class_ids = np.zeros((10, 10), np.uint8)
    class_ids[0, :4] = 1
    class_ids[5, :5] = 1
    found = components(class_ids, np.ones((10, 10), np.float32), min_area_px=5)
    assert [component.area_px for component in found] == [5]


def test_an_empty_map_has_no_components() -> None:
    assert components(np.zeros((10, 10), np.uint8), np.ones((10, 10), np.float32)) == []


def test_a_single_pixel_is_a_component_with_an_outline() -> None:
    class_ids = np.zeros((10, 10), np.uint8)
    class_ids[9, 9] = 1
    (found,) = components(class_ids, np.ones((10, 10), np.float32))
    assert found.outline_xy.tolist() == [[9, 9]]
    assert found.box_xyxy == (9, 9, 10, 10)


def test_resizing_probabilities_gives_smoother_borders_than_resizing_classes() -> None:
    ys, xs = np.mgrid[0:32, 0:32]
    inside = np.clip(8.5 - np.hypot(xs - 15.5, ys - 15.5), 0, 1).astype(np.float32)
    seen = foreground(np.stack((1 - inside, inside)))
    ys, xs = np.mgrid[0:256, 0:256]
    disc = np.hypot(xs - 127.5, ys - 127.5) < 64
    smooth = seen.resized((256, 256)).class_map(0.5) != disc
    blocky = cv2.resize(seen.class_map(0.5), (256, 256), interpolation=cv2.INTER_NEAREST) != disc
    assert smooth.sum() < blocky.sum() / 2


@pytest.mark.parametrize("size_wh", [(96, 80), (333, 211), (30, 20), (15, 10)])
def test_a_window_of_a_resized_map_holds_all_that_reaches_the_threshold(size_wh: tuple[int, int]) -> None:
    planes = np.zeros((3, 20, 30), np.float32)
    planes[0] = 1
    planes[:, 7:12, 10:21] = _random_planes(3)[:, 7:12, 10:21]
    seen = foreground(planes)
    left, top, right, bottom = window = seen.window(0.5, size_wh)
    whole = seen.resized(size_wh).class_map(0.5)
    inside = seen.resized(size_wh, window).class_map(0.5)
    assert whole.any()
    assert inside.size < whole.size
    expected = np.zeros_like(whole)
    expected[top:bottom, left:right] = inside
    assert np.array_equal(whole, expected)


def test_probabilities_are_interpolated_between_the_centres_of_pixels() -> None:
    planes = _random_planes(2)
    exact = cv2.resize(planes[1], (300, 190), interpolation=cv2.INTER_LINEAR)
    assert np.allclose(foreground(planes).resized((300, 190)).scores, exact, atol=0.04)
    assert np.allclose(foreground(planes).resized((300, 190)).scores.mean(), exact.mean(), atol=1e-3)


def test_resizing_keeps_labels() -> None:
    planes = np.zeros((4, 8, 8), np.float32)
    planes[0] = 1
    planes[:, 2:6, :4] = np.array([0.1, 0.1, 0.1, 0.7])[:, np.newaxis, np.newaxis]
    planes[:, 2:6, 4:] = np.array([0.1, 0.1, 0.7, 0.1])[:, np.newaxis, np.newaxis]
    big = foreground(planes).resized((80, 80)).class_map(0.5)
    assert big[40, 10] == 3
    assert big[40, 70] == 2
    assert big[5, 40] == 0
    assert set(np.unique(big)) == {0, 2, 3}


@pytest.mark.parametrize("classes", [2, 4])
def test_strips_join_to_the_whole(classes: int) -> None:
    planes = _random_planes(classes)
    strips = [(top, planes[:, top:end]) for top, end in ((0, 7), (7, 9), (9, 20))]
    assert np.array_equal(Foreground.stacked(strips, (30, 20)).class_map(0.4), class_map(planes, 0.4))


def test_a_strip_that_was_left_out_has_no_foreground() -> None:
    planes = _random_planes(4)
    joined = Foreground.stacked([(0, planes[:, :7]), (7, None), (9, planes[:, 9:])], (30, 20))
    expected = class_map(planes, 0.4)
    expected[7:9] = 0
    assert np.array_equal(joined.class_map(0.4), expected)


def test_cropping_a_foreground_crops_its_class_map() -> None:
    planes = _random_planes(4)
    part = foreground(planes).cropped(slice(3, 11), slice(5, 25))
    assert np.array_equal(part.class_map(0.4), class_map(planes, 0.4)[3:11, 5:25])
