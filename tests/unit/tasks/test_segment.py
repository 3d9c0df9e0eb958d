"""Segment tasks with an engine that sees what is dark as class 1, or answers as told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.errors import EngineError, InspectionError
from edgevision.recipe import SegmentStep
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Findings, Frame, ModelRef
from tests.bundles import bundle_parts
from tests.unit.ops.drawing import draw_lines

Batch = npt.NDArray[np.uint8]
Answer = Callable[[Batch], npt.NDArray[Any]]
MODEL = ModelRef("surface", "tiny", "1.0.0", "0" * 64, "fp32", "fake", "cpu")


def _spec(
    labels: tuple[str, ...] = ("background", "crack"), output: dict[str, str] | None = None, **fields: Any
) -> Manifest:
    parts, _ = bundle_parts((64, 64), labels)
    return Manifest.model_validate(parts | {"outputs": [{"name": "classes"} | (output or {})]} | fields)


def _dark(batch: Batch) -> npt.NDArray[np.float32]:
    dark = 1.0 - batch[..., :1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    return np.concatenate((1 - dark, dark), axis=1)


def _task(
    answer: Answer = _dark, spec: Manifest | None = None, px_per_mm: float | None = None, **step: Any
) -> SegmentTask:
    fields = {"name": "surface", "bundle": "tiny.zip"} | step
    return SegmentTask(
        SegmentStep.model_validate(fields), spec or _spec(), FakeEngine(answer), MODEL, px_per_mm
    )


def _frame(mask: npt.NDArray[np.uint8]) -> Frame:
    image = np.repeat(np.where(mask, 0, 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    return Frame(image, "cam1", 0, 0, 0)


def _mask(width: int, height: int, *boxes_xyxy: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    mask = np.zeros((height, width), np.uint8)
    for left, top, right, bottom in boxes_xyxy:
        mask[top:bottom, left:right] = 1
    return mask


def _class_map(findings: Findings) -> npt.NDArray[np.uint8]:
    assert findings.class_map is not None
    return findings.class_map


@pytest.mark.parametrize("size_wh", [(64, 64), (200, 150), (640, 480), (40, 30), (65, 64), (20, 300)])
def test_tiles_find_a_defect_where_it_is_in_frames_of_any_size(size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    box = (width // 4, height // 4, width // 4 + width // 2, height // 4 + height // 2)
    mask = _mask(width, height, box)
    findings = _task().run(_frame(mask))
    (defect,) = findings.defects
    assert defect.box_xyxy == box
    assert defect.area_px == mask.sum()
    assert defect.label == "crack"
    assert defect.score == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(_class_map(findings), mask)
    assert findings.score_max == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("scaling", ["stretch", "letterbox"])
def test_a_whole_frame_in_one_input_gives_boxes_in_pixels_of_the_frame(scaling: str) -> None:
    findings = _task(scaling=scaling).run(_frame(_mask(1280, 720, (400, 200, 800, 400))))
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((400, 200, 800, 400), abs=10)
    assert defect.area_px == pytest.approx(400 * 200, rel=0.03)
    assert _class_map(findings).shape == (720, 1280)


def test_a_scale_that_leaves_less_than_one_input_decides_nothing() -> None:
    frame = _frame(_mask(300, 200, (100, 60, 200, 120)))

    with pytest.raises(InspectionError, match=r"scale 0\.2 makes 300 x 200 .* expected 0\.214 or more"):
        _task(scale=0.2).run(frame)
    assert _task(scale=0.214).run(frame).defects


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_scaled_region_gives_boxes_in_pixels_of_the_frame(scale: float) -> None:
    findings = _task(scale=scale).run(_frame(_mask(300, 200, (100, 60, 200, 120))))
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((100, 60, 200, 120), abs=2)


def test_a_clean_frame_has_no_defects_and_an_empty_class_map() -> None:
    findings = _task().run(_frame(_mask(200, 150)))
    assert findings.defects == ()
    assert findings.score_max == 0
    assert _class_map(findings).shape == (150, 200)
    assert not _class_map(findings).any()
    assert findings.infer_ns > 0


def test_score_max_tells_of_what_stayed_below_the_threshold() -> None:
    image = np.full((64, 64, 3), 255, np.uint8)
    image[10:20, 10:20] = 153
    findings = _task().run(Frame(image, "cam1", 0, 0, 0))
    assert findings.defects == ()
    assert findings.score_max == pytest.approx(0.4, abs=1e-5)


@pytest.mark.parametrize("scaling", ["tile", "stretch", "letterbox"])
def test_only_the_rectangle_is_looked_at(scaling: str) -> None:
    frame = _frame(_mask(300, 200, (10, 10, 60, 60), (150, 100, 190, 140)))
    region = {"rectangle_xyxy": (100, 80, 260, 190)}
    findings = _task(region=region, scaling=scaling).run(frame)
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((150, 100, 190, 140), abs=2)
    assert not _class_map(findings)[:80].any()


@pytest.mark.parametrize("scaling", ["tile", "stretch", "letterbox"])
def test_nothing_is_reported_outside_a_polygon(scaling: str) -> None:
    frame = _frame(_mask(300, 200, (200, 150, 260, 190), (40, 20, 80, 50)))
    region = {"polygon_xy": [(10, 10), (250, 10), (10, 180)]}
    findings = _task(region=region, scaling=scaling).run(frame)
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((40, 20, 80, 50), abs=3)
    only_outside = _task(region=region, scaling=scaling).run(_frame(_mask(300, 200, (200, 150, 260, 190))))
    assert only_outside.score_max < 0.01
    assert not _class_map(only_outside).any()


def test_a_defect_across_the_edge_of_a_polygon_is_cut_there() -> None:
    region = {"polygon_xy": [(0, 0), (99, 0), (99, 99), (0, 99)]}
    findings = _task(region=region).run(_frame(_mask(300, 200, (80, 40, 150, 60))))
    (defect,) = findings.defects
    assert defect.box_xyxy == (80, 40, 99, 60)


@pytest.mark.parametrize(
    "region",
    [{"rectangle_xyxy": (0, 0, 301, 200)}, {"polygon_xy": [(0, 0), (300, 0), (0, 200.5)]}],
)
def test_a_region_beyond_the_frame_cannot_be_decided(region: dict[str, Any]) -> None:
    with pytest.raises(InspectionError, match=r"region \[0, 0, .*300 x 200 from cam1"):
        _task(region=region).run(_frame(_mask(300, 200)))


@pytest.mark.parametrize("labels", [("background", "crack"), ("background", "pit", "crack", "scratch")])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_softmax_and_layout_are_applied_as_the_manifest_says(labels: tuple[str, ...], layout: str) -> None:
    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        logits = np.zeros((1, len(labels), 64, 64), np.float32)
        logits[0, 0] = 5.0
        logits[0, labels.index("crack"), 10:20, 30:50] = 9.0
        return logits if layout == "NCHW" else np.ascontiguousarray(logits.transpose(0, 2, 3, 1))

    spec = _spec(labels, {"layout": layout, "activation": "softmax"})
    findings = _task(answer, spec).run(_frame(_mask(64, 64)))
    (defect,) = findings.defects
    assert (defect.label, defect.box_xyxy) == ("crack", (30, 10, 50, 20))
    odds = np.exp([5.0, 9.0] + [0.0] * (len(labels) - 2))
    assert defect.score == pytest.approx(odds[1] / odds.sum(), abs=1e-4)
    assert findings.class_names == labels


def test_a_model_with_one_channel_gives_the_probability_of_class_one() -> None:
    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        logits = np.full((1, 1, 64, 64), -4.0, np.float32)
        logits[0, 0, 10:20, 30:50] = 2.0
        return logits

    findings = _task(answer, _spec(output={"activation": "sigmoid"})).run(_frame(_mask(64, 64)))
    (defect,) = findings.defects
    assert defect.box_xyxy == (30, 10, 50, 20)
    assert defect.score == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-4)


@pytest.mark.parametrize("scaling", ["tile", "stretch", "letterbox"])
def test_a_model_may_answer_at_a_quarter_of_its_input(scaling: str) -> None:
    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(_dark(batch)[:, :, 1::4, 1::4])

    findings = _task(answer, scaling=scaling).run(_frame(_mask(128, 128, (32, 32, 96, 64))))
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((32, 32, 96, 64), abs=5)


@pytest.mark.parametrize(("color", "expected"), [("BGR", (10, 20, 30)), ("RGB", (30, 20, 10))])
def test_the_model_gets_its_colour_order(color: str, expected: tuple[int, int, int]) -> None:
    seen: list[Batch] = []

    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        seen.append(batch)
        return _dark(batch)

    spec = _spec(input={"name": "image", "size_wh": (64, 64), "color": color})
    image = np.zeros((64, 64, 3), np.uint8)
    image[:] = (10, 20, 30)
    _task(answer, spec).run(Frame(image, "cam1", 0, 0, 0))
    assert seen[0].shape == (1, 64, 64, 3)
    assert seen[0].flags.c_contiguous
    assert tuple(seen[0][0, 0, 0].tolist()) == expected


def test_a_line_like_defect_is_measured_in_pixels_and_millimetres() -> None:
    line = [(40, 50), (240, 140)]
    mask = draw_lines(line, width_px=5, size_wh=(300, 200))
    (defect,) = _task(px_per_mm=10.0).run(_frame(mask)).defects
    length_px = float(np.hypot(200, 90))
    assert defect.length_px == pytest.approx(length_px, rel=0.05)
    assert defect.width_max_px == pytest.approx(5, abs=1)
    assert defect.width_mean_px == pytest.approx(5, abs=1)
    assert defect.measure("length_mm") == pytest.approx(length_px / 10, rel=0.05)
    assert defect.measure("area_mm") == pytest.approx(float(mask.sum()) / 100)


def test_a_crack_across_many_tiles_is_one_crack() -> None:
    line = [(10, 40), (290, 180)]
    (defect,) = _task().run(_frame(draw_lines(line, width_px=4, size_wh=(300, 200)))).defects
    assert defect.length_px == pytest.approx(float(np.hypot(280, 140)), rel=0.05)


def test_other_defects_have_no_length() -> None:
    spec = _spec(segment={"min_area_px": 4, "line_like": []})
    (defect,) = _task(spec=spec).run(_frame(_mask(64, 64, (10, 10, 50, 14)))).defects
    assert defect.length_px is None
    assert defect.width_max_px is None


def test_the_recipe_replaces_threshold_and_minimum_area() -> None:
    image = np.full((64, 64, 3), 255, np.uint8)
    image[10:20, 10:20] = 77  # 0.7 dark
    image[40:42, 40:42] = 0
    frame = Frame(image, "cam1", 0, 0, 0)
    assert [d.area_px for d in _task().run(frame).defects] == [100, 4]
    assert [d.area_px for d in _task(pixel_threshold=0.8).run(frame).defects] == [4]
    assert [d.area_px for d in _task(min_area_px=5).run(frame).defects] == [100]


def _blurred(batch: Batch) -> npt.NDArray[np.float32]:
    """A model that sees 8 px around each pixel, like a convolution padded with zeros."""
    grey = 1.0 - batch[0, :, :, 0].astype(np.float32) / 255
    seen = cv2.GaussianBlur(grey, (17, 17), 4, borderType=cv2.BORDER_CONSTANT)
    return np.stack((1 - seen, seen)).astype(np.float32)[np.newaxis]


def test_the_result_does_not_depend_on_where_tile_borders_fall() -> None:
    noise = cv2.GaussianBlur(np.random.default_rng(2).random((230, 310), np.float32), (0, 0), 6)
    mask = (noise > 0.52).astype(np.uint8)
    frame = _frame(mask)
    dark = 1.0 - frame.image_bgr[:, :, 0].astype(np.float32) / 255
    whole = cv2.GaussianBlur(dark, (17, 17), 4, borderType=cv2.BORDER_CONSTANT)
    for overlap in (32, 40, 48):
        findings = _task(_blurred, tile_overlap_px=overlap).run(frame)
        differing = _class_map(findings) != (whole > 0.5)
        assert not (differing & (np.abs(whole - 0.5) > 1e-4)).any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("channel", [0, 1])
def test_an_answer_that_is_no_number_is_never_ok(value: float, channel: int) -> None:
    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        planes = _dark(batch)
        planes[0, channel, 5, 5] = value
        return planes

    with pytest.raises(InspectionError, match="NaN or infinity"):
        _task(answer).run(_frame(_mask(64, 64)))


def test_an_answer_that_does_not_fit_the_manifest_cannot_be_decided() -> None:
    with pytest.raises(InspectionError, match=r"expected 3 classes.*got 2"):
        _task(spec=_spec(("background", "crack", "pit"))).run(_frame(_mask(64, 64)))
    with pytest.raises(InspectionError, match=r"shape \(1, 64, 64\)"):
        _task(lambda batch: batch[..., 0]).run(_frame(_mask(64, 64)))


def test_a_failing_engine_is_not_hidden() -> None:
    engine = FakeEngine(_dark)
    engine.close()
    task = SegmentTask(SegmentStep(name="surface", bundle="tiny.zip"), _spec(), engine, MODEL)
    with pytest.raises(EngineError):
        task.run(_frame(_mask(64, 64)))


def test_many_threads_can_run_one_task() -> None:
    frames = [_frame(_mask(200, 150, (10 + index, 20, 40 + index, 60))) for index in range(40)]
    task = _task()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(task.run, frames))
    for index, findings in enumerate(results):
        assert [defect.box_xyxy for defect in findings.defects] == [(10 + index, 20, 40 + index, 60)]
