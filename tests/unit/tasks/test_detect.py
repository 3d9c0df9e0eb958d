"""What a detect task makes of a model's answer."""

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
from edgevision.types import Defect
from tests.detectbundles import CELL_PX, SIZE_WH, bright, cell_bundle_parts, with_dark
from tests.unit.tasks.detecting import MODEL, Batch, blobs, boxes_of, frame, spec, task


def test_a_defect_is_its_box_in_pixels_of_the_frame() -> None:
    (defect,) = task().run(frame(with_dark(bright(), (10, 20, 30, 50)))).defects

    assert (defect.label, defect.class_id, defect.score) == ("hole", 0, 1.0)
    assert defect.box_xyxy == (10, 20, 30, 50)
    assert defect.area_px == 600
    assert defect.outline_xy.tolist() == [[10, 20], [29, 20], [29, 49], [10, 49]]
    assert defect.length_px is None


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
