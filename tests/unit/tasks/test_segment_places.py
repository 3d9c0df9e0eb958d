"""Where a segment task finds a defect: through tiles, scaling and regions, in pixels of the frame."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.errors import InspectionError
from tests.unit.ops.drawing import draw_lines
from tests.unit.tasks.segmenting import Batch, class_map_of, frame_of, mask_of, segment_task


@pytest.mark.parametrize("size_wh", [(64, 64), (200, 150), (640, 480), (40, 30), (65, 64), (20, 300)])
def test_tiles_find_a_defect_where_it_is_in_frames_of_any_size(size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    box = (width // 4, height // 4, width // 4 + width // 2, height // 4 + height // 2)
    mask = mask_of(width, height, box)
    findings = segment_task().run(frame_of(mask))
    (defect,) = findings.defects
    assert defect.box_xyxy == box
    assert defect.area_px == mask.sum()
    assert defect.label == "crack"
    assert defect.score == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(class_map_of(findings), mask)
    assert findings.score_max == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("scaling", ["stretch", "letterbox"])
def test_a_whole_frame_in_one_input_gives_boxes_in_pixels_of_the_frame(scaling: str) -> None:
    findings = segment_task(scaling=scaling).run(frame_of(mask_of(1280, 720, (400, 200, 800, 400))))
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((400, 200, 800, 400), abs=10)
    assert defect.area_px == pytest.approx(400 * 200, rel=0.03)
    assert class_map_of(findings).shape == (720, 1280)


def test_a_scale_that_leaves_less_than_one_input_decides_nothing() -> None:
    frame = frame_of(mask_of(300, 200, (100, 60, 200, 120)))

    with pytest.raises(InspectionError, match=r"scale 0\.2 makes 300 x 200 .* expected 0\.214 or more"):
        segment_task(scale=0.2).run(frame)
    assert segment_task(scale=0.214).run(frame).defects


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_scaled_region_gives_boxes_in_pixels_of_the_frame(scale: float) -> None:
    findings = segment_task(scale=scale).run(frame_of(mask_of(300, 200, (100, 60, 200, 120))))
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((100, 60, 200, 120), abs=2)


@pytest.mark.parametrize("scaling", ["tile", "stretch", "letterbox"])
def test_only_the_rectangle_is_looked_at(scaling: str) -> None:
    frame = frame_of(mask_of(300, 200, (10, 10, 60, 60), (150, 100, 190, 140)))
    region = {"rectangle_xyxy": (100, 80, 260, 190)}
    findings = segment_task(region=region, scaling=scaling).run(frame)
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((150, 100, 190, 140), abs=2)
    assert not class_map_of(findings)[:80].any()


@pytest.mark.parametrize("scaling", ["tile", "stretch", "letterbox"])
def test_nothing_is_reported_outside_a_polygon(scaling: str) -> None:
    frame = frame_of(mask_of(300, 200, (200, 150, 260, 190), (40, 20, 80, 50)))
    region = {"polygon_xy": [(10, 10), (250, 10), (10, 180)]}
    findings = segment_task(region=region, scaling=scaling).run(frame)
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((40, 20, 80, 50), abs=3)
    only_outside = segment_task(region=region, scaling=scaling).run(
        frame_of(mask_of(300, 200, (200, 150, 260, 190)))
    )
    assert only_outside.score_max < 0.01
    assert not class_map_of(only_outside).any()


def test_a_defect_across_the_edge_of_a_polygon_is_cut_there() -> None:
    region = {"polygon_xy": [(0, 0), (99, 0), (99, 99), (0, 99)]}
    findings = segment_task(region=region).run(frame_of(mask_of(300, 200, (80, 40, 150, 60))))
    (defect,) = findings.defects
    assert defect.box_xyxy == (80, 40, 99, 60)


@pytest.mark.parametrize(
    "region",
    [{"rectangle_xyxy": (0, 0, 301, 200)}, {"polygon_xy": [(0, 0), (300, 0), (0, 200.5)]}],
)
def test_a_region_beyond_the_frame_cannot_be_decided(region: dict[str, Any]) -> None:
    with pytest.raises(InspectionError, match=r"region \[0, 0, .*300 x 200 from cam1"):
        segment_task(region=region).run(frame_of(mask_of(300, 200)))


def test_a_crack_across_many_tiles_is_one_crack() -> None:
    line = [(10, 40), (290, 180)]
    (defect,) = segment_task().run(frame_of(draw_lines(line, width_px=4, size_wh=(300, 200)))).defects
    assert defect.length_px == pytest.approx(float(np.hypot(280, 140)), rel=0.05)


def _blurred(batch: Batch) -> npt.NDArray[np.float32]:
    """A model that sees 8 px around each pixel, like a convolution padded with zeros."""
    grey = 1.0 - batch[0, :, :, 0].astype(np.float32) / 255
    seen = cv2.GaussianBlur(grey, (17, 17), 4, borderType=cv2.BORDER_CONSTANT)
    return np.stack((1 - seen, seen)).astype(np.float32)[np.newaxis]


def test_the_result_does_not_depend_on_where_tile_borders_fall() -> None:
    noise = cv2.GaussianBlur(np.random.default_rng(2).random((230, 310), np.float32), (0, 0), 6)
    mask = (noise > 0.52).astype(np.uint8)
    frame = frame_of(mask)
    dark = 1.0 - frame.image_bgr[:, :, 0].astype(np.float32) / 255
    whole = cv2.GaussianBlur(dark, (17, 17), 4, borderType=cv2.BORDER_CONSTANT)
    for overlap in (32, 40, 48):
        findings = segment_task(_blurred, tile_overlap_px=overlap).run(frame)
        differing = class_map_of(findings) != (whole > 0.5)
        assert not (differing & (np.abs(whole - 0.5) > 1e-4)).any()
