"""Detect tasks with an engine that sees dark cells, or answers as told."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.errors import InspectionError
from edgevision.ops.image import stretch
from edgevision.recipe import DetectStep
from edgevision.tasks.detect import DetectTask
from edgevision.tasks.references import OneReference
from edgevision.types import Defect, Findings, Frame, ModelRef
from tests.detectbundles import CELL_PX, SIZE_WH, bright, cell_bundle_parts, with_dark

Batch = npt.NDArray[np.uint8]
Answer = Callable[[Batch], Any]
MODEL = ModelRef("board", "cells", "1.0.0", "0" * 64, "fp32", "fake", "cpu")
Box = tuple[int, int, int, int]


def spec(decoder: str = "ssd-decoded", activation: str = "none", **detect: Any) -> Manifest:
    fields, _ = cell_bundle_parts()
    outputs = [{"name": "boxes"}, {"name": "scores", "activation": activation}]
    return Manifest.model_validate(fields | {"outputs": outputs, "detect": {"decoder": decoder} | detect})


def blobs(batch: Batch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Find each connected dark thing: one box around it, scored by its darkness."""
    import cv2

    dark = (batch[0, :, :, 0] < 100).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark)
    boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:count].tolist()]
    scores = [(1 - batch[0, y1:y2, x1:x2, 0].min() / 100, 0.0) for x1, y1, x2, y2 in boxes]
    return (
        np.array(boxes, np.float32).reshape(1, -1, 4),
        np.array(scores, np.float32).reshape(1, -1, 2),
    )


def task(answer: Answer = blobs, manifest: Manifest | None = None, **step: Any) -> DetectTask:
    fields = {"name": "board", "task": "detect", "bundle": "cells.zip"} | step
    return DetectTask(DetectStep.model_validate(fields), manifest or spec(), FakeEngine(answer), MODEL)


def frame(image: npt.NDArray[np.uint8]) -> Frame:
    return Frame(image, "cam1", 0, 0, 0)


def boxes_of(findings: Findings) -> list[Box]:
    return sorted(defect.box_xyxy for defect in findings.defects)


def test_a_defect_is_its_box_in_pixels_of_the_frame() -> None:
    (defect,) = task().run(frame(with_dark(bright(), (10, 20, 30, 50)))).defects

    assert (defect.label, defect.class_id, defect.score) == ("hole", 0, 1.0)
    assert defect.box_xyxy == (10, 20, 30, 50)
    assert defect.area_px == 600
    assert defect.outline_xy.tolist() == [[10, 20], [29, 20], [29, 49], [10, 49]]
    assert defect.length_px is None


@pytest.mark.parametrize("scaling", ["letterbox", "stretch"])
@pytest.mark.parametrize("size_wh", [(640, 480), (200, 300), (64, 64), (40, 30), (999, 333)])
def test_boxes_come_back_from_the_models_input_to_the_frame(scaling: str, size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    box = (width // 4, height // 4, width // 2, height // 2)

    findings = task(scaling=scaling).run(frame(with_dark(bright(size_wh), box)))

    pixel = max(width, height) / SIZE_WH[0]
    (found,) = boxes_of(findings)
    assert found == pytest.approx(box, abs=pixel + 1)


def test_bars_are_not_the_part_and_nothing_in_them_is_a_defect() -> None:
    def everywhere(_: Batch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        boxes = [(0, 0, 64, 8), (0, 12, 64, 40), (0, 56, 64, 64)]
        return np.array([boxes], np.float32), np.full((1, 3, 2), 0.9, np.float32)

    found = boxes_of(task(everywhere, scaling="letterbox").run(frame(bright((128, 64)))))

    assert found == [(0, 0, 128, 48), (0, 0, 128, 48)]  # One of each class, cut at the frame.


@pytest.mark.parametrize("box", [(100, 90, 130, 110), (2, 2, 20, 20), (300, 200, 319, 239), (40, 30, 72, 60)])
def test_tiles_find_a_thing_once_where_it_is(box: Box) -> None:
    findings = task(scaling="tile", tile_overlap_px=36).run(frame(with_dark(bright((320, 240)), box)))

    assert boxes_of(findings) == [box]


def test_a_thing_larger_than_a_tile_is_put_together() -> None:
    box = (20, 100, 300, 130)

    findings = task(scaling="tile", tile_overlap_px=24).run(frame(with_dark(bright((320, 240)), box)))

    assert boxes_of(findings) == [box]


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_tiles_may_look_at_another_scale(scale: float) -> None:
    image = with_dark(bright((320, 240)), (100, 80, 140, 120))

    (found,) = boxes_of(task(scaling="tile", scale=scale).run(frame(image)))

    assert found == pytest.approx((100, 80, 140, 120), abs=2)


def test_a_scale_that_leaves_less_than_one_input_decides_nothing() -> None:
    image = with_dark(bright((320, 240)), (100, 80, 140, 120))

    with pytest.raises(InspectionError, match=r"scale 0\.15 makes 320 x 240 .* expected 0\.2 or more"):
        task(scaling="tile", scale=0.15).run(frame(image))
    assert boxes_of(task(scaling="tile", scale=0.2).run(frame(image)))


def test_a_frame_smaller_than_a_tile_gets_bars() -> None:
    findings = task(scaling="tile").run(frame(with_dark(bright((40, 30)), (10, 10, 20, 20))))

    assert boxes_of(findings) == [(10, 10, 20, 20)]


def test_what_the_recipe_leaves_out_is_as_the_bundle_was_trained() -> None:
    image = with_dark(bright((320, 240)), (100, 90, 130, 110))

    findings = task(manifest=spec(scaling="tile", scale=2.0)).run(frame(image))

    assert boxes_of(findings) == [(100, 90, 130, 110)]


def test_only_the_region_is_looked_at() -> None:
    image = with_dark(bright((200, 100)), (10, 10, 20, 20), (110, 50, 120, 60))

    findings = task(region={"rectangle_xyxy": (100, 30, 164, 94)}).run(frame(image))

    assert boxes_of(findings) == [(110, 50, 120, 60)]


def test_of_a_polygon_only_what_has_its_centre_inside_counts() -> None:
    image = with_dark(bright(), (10, 10, 20, 20), (50, 50, 60, 60))
    region = {"polygon_xy": [(0, 0), (63, 0), (0, 63)]}

    findings = task(region=region).run(frame(image))
    outside = task(region=region).run(frame(with_dark(bright(), (50, 50, 60, 60))))

    assert boxes_of(findings) == [(10, 10, 20, 20)]
    assert (outside.defects, outside.score_max) == ((), 0.0)


def test_a_region_beyond_the_frame_cannot_be_decided() -> None:
    with pytest.raises(InspectionError, match=r"region \[0, 0, 65, 20\]"):
        task(region={"rectangle_xyxy": (0, 0, 65, 20)}).run(frame(bright()))


def test_the_recipes_threshold_replaces_the_bundles() -> None:
    image = with_dark(bright(), (10, 10, 20, 20), value=60)

    assert task().run(frame(image)).defects == ()
    assert task().run(frame(image)).score_max == pytest.approx(0.4)
    assert len(task(score_threshold=0.3).run(frame(image)).defects) == 1


def test_a_lower_limit_reports_more_and_judges_the_same() -> None:
    image = with_dark(with_dark(bright(), (10, 10, 20, 20)), (40, 40, 50, 50), value=60)
    step = DetectStep(name="board", task="detect", bundle="cells.zip")

    findings = DetectTask(step, spec(), FakeEngine(blobs), MODEL, report_from=0.01).run(frame(image))

    assert boxes_of(findings) == [(10, 10, 20, 20)]
    assert [defect.box_xyxy for defect in findings.unjudged] == [(40, 40, 50, 50)]


def test_a_limit_above_the_threshold_hides_nothing() -> None:
    step = DetectStep(name="board", task="detect", bundle="cells.zip")
    image = with_dark(bright(), (10, 10, 20, 20), value=40)

    findings = DetectTask(step, spec(), FakeEngine(blobs), MODEL, report_from=0.99).run(frame(image))

    assert len(findings.defects) == 1


def test_faint_pieces_in_other_tiles_do_not_change_what_is_judged() -> None:
    image = bright((96, 64))
    image[20:30, 20:60] = 10
    image[20:30, 60:90] = 60  # A piece that only the second tile sees, and faintly.
    step = DetectStep(
        name="board",
        task="detect",
        bundle="cells.zip",
        scaling="tile",
        tile_overlap_px=16,
        score_threshold=0.5,
    )

    def split(batch: Batch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        boxes, scores = blobs(batch)
        return boxes, np.where(batch[0, 25, 40, 0] == 10, scores, scores * 0.45).astype(np.float32)

    judged = DetectTask(step, spec(), FakeEngine(split), MODEL).run(frame(image))
    every = DetectTask(step, spec(), FakeEngine(split), MODEL, report_from=0.01).run(frame(image))

    assert boxes_of(every) == boxes_of(judged)


@pytest.mark.parametrize("index", [0, 1])
def test_an_answer_that_is_no_number_cannot_be_decided(index: int) -> None:
    def broken(batch: Batch) -> tuple[npt.NDArray[Any], ...]:
        answer = blobs(batch)
        answer[index][:] = np.nan
        if index == 0:
            answer[1][:] = 0.9
        return answer

    with pytest.raises(InspectionError, match="NaN or infinity"):
        task(broken).run(frame(with_dark(bright(), (10, 10, 20, 20))))


def test_a_model_for_pairs_sees_the_picture_and_the_reference_as_channels() -> None:
    seen: list[Batch] = []

    def answer(batch: Batch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        seen.append(batch)
        return np.zeros((1, 0, 4), np.float32), np.zeros((1, 0, 2), np.float32)

    fields, _ = cell_bundle_parts(pair=True)
    detect = {"decoder": "ssd-decoded", "inputs": "pair"}
    manifest = Manifest.model_validate(fields | {"detect": detect, "outputs": [{"name": "b"}, {"name": "s"}]})
    good = _board()
    part = with_dark(good, (100, 100, 120, 120))
    step = DetectStep(
        name="board", task="detect", bundle="cells.zip", reference="good.png", scaling="stretch"
    )
    DetectTask(step, manifest, FakeEngine(answer), MODEL, references=OneReference(good)).run(frame(part))

    (batch,) = seen
    assert batch.shape == (1, 64, 64, 6)
    assert np.array_equal(batch[0, :, :, :3], stretch(part, SIZE_WH)[:, :, ::-1])
    assert np.array_equal(batch[0, :, :, 3:], stretch(good, SIZE_WH)[:, :, ::-1])


def test_scores_and_sizes_reach_millimetres() -> None:
    step = DetectStep(name="board", task="detect", bundle="cells.zip")
    findings = DetectTask(step, spec(), FakeEngine(blobs), MODEL, px_per_mm=2.0).run(
        frame(with_dark(bright(), (10, 20, 30, 50)))
    )

    defect: Defect = findings.defects[0]
    assert defect.measure("area_mm") == 150


def _board() -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 255, (32, 32, 3)).astype(np.uint8)
    return np.repeat(np.repeat(coarse, CELL_PX, axis=0), CELL_PX, axis=1)
