"""What a segment task makes of a model's answer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.engines.fake import FakeEngine
from edgevision.errors import EngineError, InspectionError
from edgevision.recipe import SegmentStep
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Frame
from tests.unit.ops.drawing import draw_lines
from tests.unit.tasks.segmenting import (
    MODEL,
    Batch,
    class_map_of,
    darkness,
    frame_of,
    manifest_of,
    mask_of,
    segment_task,
)


def test_a_clean_frame_has_no_defects_and_an_empty_class_map() -> None:
    findings = segment_task().run(frame_of(mask_of(200, 150)))
    assert findings.defects == ()
    assert findings.score_max == 0
    assert class_map_of(findings).shape == (150, 200)
    assert not class_map_of(findings).any()
    assert findings.infer_ns > 0


def test_score_max_tells_of_what_stayed_below_the_threshold() -> None:
    image = np.full((64, 64, 3), 255, np.uint8)
    image[10:20, 10:20] = 153
    findings = segment_task().run(Frame(image, "cam1", 0, 0, 0))
    assert findings.defects == ()
    assert findings.score_max == pytest.approx(0.4, abs=1e-5)


@pytest.mark.parametrize("labels", [("background", "crack"), ("background", "pit", "crack", "scratch")])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_softmax_and_layout_are_applied_as_the_manifest_says(labels: tuple[str, ...], layout: str) -> None:
    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        logits = np.zeros((1, len(labels), 64, 64), np.float32)
        logits[0, 0] = 5.0
        logits[0, labels.index("crack"), 10:20, 30:50] = 9.0
        return logits if layout == "NCHW" else np.ascontiguousarray(logits.transpose(0, 2, 3, 1))

    spec = manifest_of(labels, {"layout": layout, "activation": "softmax"})
    findings = segment_task(answer, spec).run(frame_of(mask_of(64, 64)))
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

    findings = segment_task(answer, manifest_of(output={"activation": "sigmoid"})).run(
        frame_of(mask_of(64, 64))
    )
    (defect,) = findings.defects
    assert defect.box_xyxy == (30, 10, 50, 20)
    assert defect.score == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-4)


@pytest.mark.parametrize("scaling", ["tile", "stretch", "letterbox"])
def test_a_model_may_answer_at_a_quarter_of_its_input(scaling: str) -> None:
    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(darkness(batch)[:, :, 1::4, 1::4])

    findings = segment_task(answer, scaling=scaling).run(frame_of(mask_of(128, 128, (32, 32, 96, 64))))
    (defect,) = findings.defects
    assert defect.box_xyxy == pytest.approx((32, 32, 96, 64), abs=5)


@pytest.mark.parametrize(("color", "expected"), [("BGR", (10, 20, 30)), ("RGB", (30, 20, 10))])
def test_the_model_gets_its_colour_order(color: str, expected: tuple[int, int, int]) -> None:
    seen: list[Batch] = []

    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        seen.append(batch)
        return darkness(batch)

    spec = manifest_of(input={"name": "image", "size_wh": (64, 64), "color": color})
    image = np.zeros((64, 64, 3), np.uint8)
    image[:] = (10, 20, 30)
    segment_task(answer, spec).run(Frame(image, "cam1", 0, 0, 0))
    assert seen[0].shape == (1, 64, 64, 3)
    assert seen[0].flags.c_contiguous
    assert tuple(seen[0][0, 0, 0].tolist()) == expected


def test_a_line_like_defect_is_measured_in_pixels_and_millimetres() -> None:
    line = [(40, 50), (240, 140)]
    mask = draw_lines(line, width_px=5, size_wh=(300, 200))
    (defect,) = segment_task(px_per_mm=10.0).run(frame_of(mask)).defects
    length_px = float(np.hypot(200, 90))
    assert defect.length_px == pytest.approx(length_px, rel=0.05)
    assert defect.width_max_px == pytest.approx(5, abs=1)
    assert defect.width_mean_px == pytest.approx(5, abs=1)
    assert defect.measure("length_mm") == pytest.approx(length_px / 10, rel=0.05)
    assert defect.measure("area_mm") == pytest.approx(float(mask.sum()) / 100)


def test_other_defects_have_no_length() -> None:
    spec = manifest_of(segment={"min_area_px": 4, "line_like": []})
    (defect,) = segment_task(spec=spec).run(frame_of(mask_of(64, 64, (10, 10, 50, 14)))).defects
    assert defect.length_px is None
    assert defect.width_max_px is None


def test_the_recipe_replaces_threshold_and_minimum_area() -> None:
    image = np.full((64, 64, 3), 255, np.uint8)
    image[10:20, 10:20] = 77  # 0.7 dark
    image[40:42, 40:42] = 0
    frame = Frame(image, "cam1", 0, 0, 0)
    assert [d.area_px for d in segment_task().run(frame).defects] == [100, 4]
    assert [d.area_px for d in segment_task(pixel_threshold=0.8).run(frame).defects] == [4]
    assert [d.area_px for d in segment_task(min_area_px=5).run(frame).defects] == [100]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("channel", [0, 1])
def test_an_answer_that_is_no_number_is_never_ok(value: float, channel: int) -> None:
    def answer(batch: Batch) -> npt.NDArray[np.float32]:
        planes = darkness(batch)
        planes[0, channel, 5, 5] = value
        return planes

    with pytest.raises(InspectionError, match="NaN or infinity"):
        segment_task(answer).run(frame_of(mask_of(64, 64)))


def test_an_answer_that_does_not_fit_the_manifest_cannot_be_decided() -> None:
    with pytest.raises(InspectionError, match=r"expected 3 classes.*got 2"):
        segment_task(spec=manifest_of(("background", "crack", "pit"))).run(frame_of(mask_of(64, 64)))
    with pytest.raises(InspectionError, match=r"shape \(1, 64, 64\)"):
        segment_task(lambda batch: batch[..., 0]).run(frame_of(mask_of(64, 64)))


def test_a_failing_engine_is_not_hidden() -> None:
    engine = FakeEngine(darkness)
    engine.close()
    task = SegmentTask(SegmentStep(name="surface", bundle="tiny.zip"), manifest_of(), engine, MODEL)
    with pytest.raises(EngineError):
        task.run(frame_of(mask_of(64, 64)))


def test_many_threads_can_run_one_task() -> None:
    frames = [frame_of(mask_of(200, 150, (10 + index, 20, 40 + index, 60))) for index in range(40)]
    task = segment_task()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(task.run, frames))
    for index, findings in enumerate(results):
        assert [defect.box_xyxy for defect in findings.defects] == [(10 + index, 20, 40 + index, 60)]
