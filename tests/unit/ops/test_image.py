import cv2
import numpy as np
import pytest

from edgevision.ops.image import Letterbox, letterbox, stretch, to_model_color


def _gradient(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    xs, ys = np.linspace(0, 200, width), np.linspace(0, 55, height)
    plane = (xs[np.newaxis, :] + ys[:, np.newaxis]).astype(np.uint8)
    return np.dstack([plane, plane, plane])


def test_colours_come_in_the_order_the_model_wants() -> None:
    blue = np.zeros((2, 3, 3), np.uint8)
    blue[:, :, 0] = 250
    assert to_model_color(blue, "BGR")[0, 0].tolist() == [250, 0, 0]
    assert to_model_color(blue, "RGB")[0, 0].tolist() == [0, 0, 250]
    grey = to_model_color(blue, "GRAY")
    assert grey.shape == (2, 3, 1)
    assert grey[0, 0, 0] == round(0.114 * 250)


@pytest.mark.parametrize("size_wh", [(256, 256), (64, 32), (1279, 3), (1280, 720), (2000, 900), (1, 1)])
def test_stretching_gives_the_asked_size(size_wh: tuple[int, int]) -> None:
    assert stretch(_gradient(1280, 720), size_wh).shape == (size_wh[1], size_wh[0], 3)


def test_stretching_to_the_same_size_changes_nothing() -> None:
    image = _gradient(64, 48)
    assert np.array_equal(stretch(image, (64, 48)), image)


@pytest.mark.parametrize("size_wh", [(1280, 720), (1279, 717), (999, 1001)])
def test_stretching_keeps_every_place_where_it_was(size_wh: tuple[int, int]) -> None:
    image = _gradient(*size_wh)
    small = stretch(image, (100, 100)).astype(np.int32)
    exact = cv2.resize(image, (100, 100), interpolation=cv2.INTER_AREA).astype(np.int32)
    assert int(np.abs(small - exact).max()) <= 3


def test_a_line_one_pixel_wide_survives_a_reduction_to_a_quarter_wherever_it_lies() -> None:
    for x in range(100, 140):
        image = np.full((512, 512), 200, np.uint8)
        image[:, x] = 0
        assert stretch(image, (128, 128)).min() <= 200 * 0.8, x


def test_a_letterbox_keeps_the_aspect_ratio_and_mirrors_the_picture_into_the_bars() -> None:
    image = _gradient(200, 100)
    boxed, geometry = letterbox(image, (100, 100))
    assert boxed.shape == (100, 100, 3)
    assert geometry.inner_xyxy == (0, 25, 100, 75)
    assert np.array_equal(boxed[24], boxed[26])
    assert np.array_equal(boxed[75], boxed[73])


@pytest.mark.parametrize("source_wh", [(1280, 720), (640, 480), (33, 1000), (7, 5), (256, 256)])
def test_points_go_into_a_letterbox_in_proportion(source_wh: tuple[int, int]) -> None:
    geometry = Letterbox.fit(source_wh, (256, 192))
    corners = np.array([[0.0, 0.0], source_wh, [source_wh[0] / 3, source_wh[1] / 7]])
    there = geometry.to_model(corners)
    left, top, right, bottom = geometry.inner_xyxy
    third = left + (right - left) / 3, top + (bottom - top) / 7
    assert np.allclose(there, [[left, top], [right, bottom], third])


def test_the_answer_to_a_letterboxed_picture_is_cropped_to_what_shows_the_source() -> None:
    image = np.zeros((90, 160, 3), np.uint8)
    image[30:60, 40:80] = 255
    boxed, geometry = letterbox(image, (256, 256))
    planes = (boxed[np.newaxis, :, :, 0] > 127).astype(np.float32)
    back = cv2.resize(geometry.crop(planes)[0], (160, 90)) > 0.5
    assert np.array_equal(back, image[:, :, 0] > 0)


def test_a_letterboxed_answer_may_be_smaller_than_the_input() -> None:
    geometry = Letterbox.fit((200, 100), (128, 128))
    assert geometry.crop(np.zeros((2, 32, 32), np.float32)).shape == (2, 16, 32)
