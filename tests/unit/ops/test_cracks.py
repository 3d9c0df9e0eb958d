"""Lines of known length and width are measured: length within 5 %, width within 1 px.

A drawn line is as long as its centre line; its ends may be round or flat.
"""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.ops.cracks import LineMeasure, measure_line, skeleton
from tests.unit.ops.drawing import draw_lines

Mask = npt.NDArray[np.uint8]
WIDTHS_PX = (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15)


def _measure(mask: Mask) -> LineMeasure:
    count, _ = cv2.connectedComponents(mask, connectivity=8)
    assert count == 2, "the drawing must be one piece"
    left, top, width, height = cv2.boundingRect(mask)
    return measure_line(mask[top : top + height, left : left + width].copy())


def _length(*lines: npt.ArrayLike) -> float:
    return sum(float(np.hypot(*np.diff(np.asarray(line, float), axis=0).T).sum()) for line in lines)


def _assert_measured(measured: LineMeasure, length_px: float, width_px: float) -> None:
    assert measured.length_px == pytest.approx(length_px, rel=0.05)
    assert measured.width_max_px == pytest.approx(width_px, abs=1.0)
    assert measured.width_mean_px == pytest.approx(width_px, abs=1.0)


@pytest.mark.parametrize("flat_ends", [False, True])
@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_straight_lines_at_every_angle(width_px: float, flat_ends: bool) -> None:
    rng = np.random.default_rng(11)
    for angle in np.deg2rad(np.arange(0, 180, 15)):
        middle = np.array([220, 220]) + rng.uniform(-0.5, 0.5, 2)
        half = 100 * np.array([np.cos(angle), np.sin(angle)])
        line = np.stack((middle - half, middle + half))
        mask = draw_lines(line, width_px=width_px, flat_ends=flat_ends)
        if width_px == 1 and cv2.connectedComponents(mask)[0] > 2:
            continue  # centres of pixels miss a line this thin here and there
        _assert_measured(_measure(mask), 200, width_px)


T = np.linspace(0, 1, 60)
SHAPES: dict[str, list[npt.ArrayLike]] = {
    "corner": [[(50.3, 50.2), (250.3, 50.2), (250.3, 250.2)]],
    "zigzag": [[(30, 200), (80, 230), (130, 190), (180, 240), (240, 200), (300, 230), (350, 190)]],
    "wave": [np.stack([30 + 350 * T, 200 + 40 * np.sin(T * 4 * np.pi)], axis=1)],
    "arc": [np.stack([210 + 100 * np.cos(T * np.pi), 210 + 100 * np.sin(T * np.pi)], axis=1)],
    "ring": [np.stack([210 + 80 * np.cos(T * 2 * np.pi), 210 + 80 * np.sin(T * 2 * np.pi)], axis=1)],
    "fork": [[(210, 210), (210, 350)], [(210, 210), (110, 110)], [(210, 210), (310, 110)]],
    "branch": [[(50.2, 200.3), (350.2, 200.3)], [(200.2, 200.3), (200.2, 330.3)]],
    "cross": [[(100, 100), (300, 300)], [(100, 300), (300, 100)]],
}


@pytest.mark.parametrize("width_px", [1.5, 3, 5, 8, 11, 15])
@pytest.mark.parametrize("shape", SHAPES)
def test_bent_branching_and_closed_lines(shape: str, width_px: float) -> None:
    lines = SHAPES[shape]
    _assert_measured(_measure(draw_lines(*lines, width_px=width_px)), _length(*lines), width_px)


@pytest.mark.parametrize("line_type", [cv2.LINE_8, cv2.LINE_AA])
@pytest.mark.parametrize("thickness", [1, 2, 3, 5, 9])
def test_polylines_as_opencv_draws_them(thickness: int, line_type: int) -> None:
    points = np.array([[30, 60], [150, 100], [240, 90], [390, 210]], np.int32)
    ink = np.zeros((260, 440), np.uint8)
    cv2.polylines(ink, [points], isClosed=False, color=255, thickness=thickness, lineType=line_type)
    mask = (ink > 127).view(np.uint8)
    vertical_px = float(mask[:, 170:220].sum(axis=0).mean())  # OpenCV draws wider than asked
    width_px = vertical_px * np.cos(np.arctan2(10, 90))
    _assert_measured(_measure(mask), _length(points), width_px)


def test_a_tapering_crack_has_its_greatest_width_at_the_thick_end() -> None:
    strokes = [[(40 + 3 * i, 200 + i), (43 + 3 * i, 201 + i)] for i in range(100)]
    parts = [draw_lines(line, width_px=2 + i * 0.1) for i, line in enumerate(strokes)]
    measured = _measure(np.max(parts, axis=0))
    assert measured.width_max_px == pytest.approx(11.5, abs=1.0)
    assert measured.width_mean_px == pytest.approx(7.0, abs=1.0)
    assert measured.length_px == pytest.approx(100 * np.hypot(3, 1), rel=0.05)


def test_a_ragged_border_does_not_add_length() -> None:
    line = [(50, 200), (350, 230)]
    smooth = draw_lines(line, width_px=9)
    noise = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, smooth.shape), (0, 0), 1.5)
    depth = cv2.distanceTransform(smooth, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - smooth, cv2.DIST_L2, 5)
    ragged = (depth + noise / noise.std() > 0).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ragged, connectivity=8)
    largest = (labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).view(np.uint8)
    _assert_measured(_measure(largest), _length(line), 9)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 4), (20, 20), (21, 20), (300, 300)])
def test_a_blob_is_as_long_as_wide(height: int, width: int) -> None:
    measured = measure_line(np.ones((height, width), np.uint8))
    assert measured.width_max_px == pytest.approx(min(height, width), rel=0.1)
    assert measured.length_px == pytest.approx(width, rel=0.1)


def test_a_broad_band_is_measured_at_reduced_resolution() -> None:
    measured = measure_line(draw_lines([(100, 200), (500, 300)], width_px=60, size_wh=(600, 500)))
    assert measured.length_px == pytest.approx(np.hypot(400, 100), rel=0.1)
    assert measured.width_max_px == pytest.approx(60, abs=4)


def test_a_whole_frame_of_noise_is_measured_in_bounded_time() -> None:
    noise = (np.random.default_rng(5).random((720, 1280)) > 0.45).astype(np.uint8)
    measured = measure_line(noise)
    assert 700 <= measured.length_px < 10_000


def test_the_mask_is_not_changed() -> None:
    mask = draw_lines([(10, 10), (60, 40)], width_px=5, size_wh=(80, 60))
    before = mask.copy()
    measure_line(mask)
    assert np.array_equal(mask, before)


@pytest.mark.parametrize("width_px", [2, 3, 7, 14])
def test_a_skeleton_is_one_pixel_wide_and_keeps_pieces_and_holes(width_px: int) -> None:
    ring, line = SHAPES["ring"], SHAPES["zigzag"]
    mask = draw_lines(*ring, [(20, 20), (60, 40)], *line, width_px=width_px)
    thin = skeleton(mask)
    assert not (thin & ~mask).any()
    assert cv2.connectedComponents(thin)[0] == cv2.connectedComponents(mask)[0]
    holes = [cv2.connectedComponents(1 - picture, connectivity=4)[0] for picture in (thin, mask)]
    assert holes[0] == holes[1]
    full_blocks = cv2.erode(thin, np.ones((2, 2), np.uint8))
    assert full_blocks.sum() <= 4


def test_a_diagonal_two_pixels_wide_keeps_its_length() -> None:
    mask = np.zeros((100, 100), np.uint8)
    for i in range(10, 90):
        mask[i, i : i + 2] = 1
    assert skeleton(mask).sum() >= 75
