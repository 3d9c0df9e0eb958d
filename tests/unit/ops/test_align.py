import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.ops.align import box_crop, similarity, warped

TEMPLATE = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]])


def turned(
    points: npt.NDArray[np.float64], degrees: float, scale: float, shift: tuple[float, float]
) -> npt.NDArray[np.float64]:
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ rotation.T * scale + shift)


def moved(matrix: npt.NDArray[np.float64], points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1), (30, 2.5), (-170, 0.3), (90, 40)])
def test_turned_and_scaled_points_come_back_onto_the_template(degrees: float, scale: float) -> None:
    matrix = similarity(turned(TEMPLATE, degrees, scale, (300, -20)), TEMPLATE)

    assert matrix is not None
    assert moved(matrix, turned(TEMPLATE, degrees, scale, (300, -20))) == pytest.approx(TEMPLATE, abs=1e-6)


def test_a_mirrored_face_is_not_mirrored_back() -> None:
    matrix = similarity(TEMPLATE * (-1, 1), TEMPLATE)

    assert matrix is not None
    assert np.linalg.det(matrix[:, :2]) > 0


def test_noisy_points_are_fitted_better_than_by_any_near_transform() -> None:
    rng = np.random.default_rng(1)
    points = turned(TEMPLATE, 12, 1.7, (40, 60)) + rng.normal(0, 2, TEMPLATE.shape)
    matrix = similarity(points, TEMPLATE)
    assert matrix is not None
    best = ((moved(matrix, points) - TEMPLATE) ** 2).sum()

    for _ in range(200):
        degrees, scale, *shift = rng.normal((0, 1, 0, 0), (0.5, 0.01, 0.2, 0.2)).tolist()
        step = turned(moved(matrix, points), degrees, scale, (shift[0], shift[1]))
        assert ((step - TEMPLATE) ** 2).sum() >= best - 1e-9


def test_points_that_coincide_fit_nothing() -> None:
    assert similarity(np.full((5, 2), 7.0), TEMPLATE) is None


def test_points_that_no_turn_brings_nearer_fit_nothing() -> None:
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])

    assert similarity(square * (-1, 1), square) is None


def test_a_box_crop_at_its_own_size_is_a_copy() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)

    crop = warped(image, box_crop((10, 20, 42, 52), 0.0, (32, 32)), (32, 32))

    assert np.array_equal(crop, image[20:52, 10:42])


def test_a_box_keeps_its_aspect_ratio_and_gets_its_margin() -> None:
    matrix = box_crop((100, 100, 140, 120), 0.25, (112, 112))

    corners = moved(matrix, np.array([[99.5, 99.5], [139.5, 119.5]]))
    assert np.diff(corners, axis=0)[0] == pytest.approx((112 / 1.5, 56 / 1.5))
    assert corners.mean(axis=0) == pytest.approx((55.5, 55.5))


def test_beyond_the_frame_its_border_goes_on() -> None:
    image = np.full((40, 40, 3), 90, np.uint8)

    assert (warped(image, box_crop((-60, -60, -20, -20), 0.0, (16, 16)), (16, 16)) == 90).all()


@pytest.mark.parametrize("side_px", [64, 127, 500])
def test_a_strong_reduction_counts_every_pixel(side_px: int) -> None:
    rng = np.random.default_rng(side_px)
    image = rng.integers(0, 256, (side_px, side_px, 3)).astype(np.uint8)

    crop = warped(image, box_crop((0, 0, side_px, side_px), 0.0, (16, 16)), (16, 16))

    exact = cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA).astype(float)
    sampled = cv2.resize(image, (16, 16), interpolation=cv2.INTER_NEAREST).astype(float)
    assert np.abs(crop - exact).mean() < np.abs(sampled - exact).mean() / 2


def test_halving_does_not_move_what_is_shown() -> None:
    image = np.zeros((501, 501, 3), np.uint8)
    cv2.circle(image, (250, 250), 60, (255, 255, 255), cv2.FILLED)

    crop = warped(image, box_crop((0, 0, 501, 501), 0.0, (50, 50)), (50, 50))

    rows, columns = np.nonzero(crop[:, :, 0] > 127)
    assert (rows.mean(), columns.mean()) == pytest.approx((24.5, 24.5), abs=0.15)


@pytest.mark.parametrize("degrees", [0, 25])
def test_colours_are_cut_out_as_each_channel_by_itself(degrees: int) -> None:
    image = np.random.default_rng(degrees).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    matrix = similarity(turned(TEMPLATE, degrees, 2.6, (50, 20)), TEMPLATE)
    assert matrix is not None

    crop = warped(image, matrix, (112, 112))

    for channel in range(3):
        assert np.array_equal(crop[:, :, channel], warped(image[:, :, channel], matrix, (112, 112)))
