"""Detect bundles through the real engines."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import GoldenMismatch, ManifestError
from edgevision.recipe import DetectStep
from edgevision.tasks.detect import DetectTask
from edgevision.types import Frame, ModelRef
from tests.detectbundles import bright, make_cell_bundle, make_constant_bundle
from tests.realengines import INSTALLED_OR_SKIPPED

MODEL = ModelRef("board", "cells", "1.0.0", "0" * 64, "fp32", "any", "cpu")


@pytest.fixture(params=INSTALLED_OR_SKIPPED)
def request_of(request: pytest.FixtureRequest) -> EngineRequest:
    return EngineRequest(engine=request.param, precision="fp32", threads=1, streams=1)


def yolov5_rows() -> npt.NDArray[np.float32]:
    rows = np.zeros((1, 10, 7), np.float32)
    rows[0, 3] = (20, 30, 10, 20, 0.9, 0.9, 0.0)
    rows[0, 4] = (21, 30, 10, 20, 0.9, 0.8, 0.0)
    rows[0, 5] = (50, 50, 8, 8, 0.8, 0.0, 0.9)
    return rows


def yolov8_columns() -> npt.NDArray[np.float32]:
    columns = np.zeros((1, 6, 10), np.float32)
    columns[0, :, 3] = (20, 30, 10, 20, 0.81, 0.0)
    columns[0, :, 4] = (21, 30, 10, 20, 0.72, 0.0)
    columns[0, :, 5] = (50, 50, 8, 8, 0.0, 0.72)
    return columns


@pytest.mark.parametrize(
    ("decoder", "answer"), [("yolov5", yolov5_rows()), ("yolov8", yolov8_columns())], ids=["yolov5", "yolov8"]
)
def test_a_users_own_detector_runs_on_every_engine(
    tmp_path: Path, request_of: EngineRequest, decoder: str, answer: npt.NDArray[np.float32]
) -> None:
    bundle = open_bundle(make_constant_bundle(tmp_path / "yolo.zip", decoder, {"out": answer}))
    engine = load_engine(bundle, request_of)
    step = DetectStep(name="board", task="detect", bundle="yolo.zip", scaling="letterbox")

    findings = DetectTask(step, bundle.manifest, engine, MODEL).run(Frame(bright((128, 64)), "cam1", 0, 0, 0))
    engine.close()

    # The input is 64 x 64, so a frame of 128 x 64 lies in its rows 16 to 48, twice as small.
    found = [(defect.label, round(defect.score, 2), defect.box_xyxy) for defect in findings.defects]
    assert found == [("hole", 0.81, (30, 8, 50, 48))]
    assert findings.score_max == pytest.approx(0.81)


def test_golden_samples_run_on_every_engine(tmp_path: Path, request_of: EngineRequest) -> None:
    for pair in (False, True):
        engine = load_engine(open_bundle(make_cell_bundle(tmp_path / "cells.zip", pair=pair)), request_of)
        assert (engine.info.engine, engine.info.is_fallback) == (request_of.engine, False)
        engine.close()


def test_a_model_that_finds_something_else_is_refused(tmp_path: Path, request_of: EngineRequest) -> None:
    path, outputs = tmp_path / "y.zip", {"out": yolov8_columns()}
    bundle = open_bundle(make_constant_bundle(path, "yolov8", outputs, golden_max_score_difference=0.05))

    with pytest.raises(GoldenMismatch, match="0 of 0 findings missing, 2 of 2 new"):
        load_engine(bundle, request_of)


def test_an_answer_of_another_layout_is_refused(tmp_path: Path, request_of: EngineRequest) -> None:
    bundle = open_bundle(make_constant_bundle(tmp_path / "y.zip", "yolov5", {"out": yolov8_columns()}))

    with pytest.raises(ManifestError, match=r"output out: expected \(1, \?, 7\) float32, got \(1, 6, 10\)"):
        load_engine(bundle, request_of)


def test_boxes_and_scores_must_have_as_many_rows(tmp_path: Path, request_of: EngineRequest) -> None:
    outputs = {"boxes": np.zeros((1, 3, 4)), "scores": np.zeros((1, 4, 2))}
    bundle = open_bundle(make_constant_bundle(tmp_path / "y.zip", "ssd-decoded", outputs))

    with pytest.raises(ManifestError, match="expected a row of scores for each box"):
        load_engine(bundle, request_of)
