"""Detect bundles through the real engines and the command line."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineName, EngineRequest
from edgevision.errors import GoldenMismatch, ManifestError
from edgevision.recipe import DetectStep
from edgevision.tasks.detect import DetectTask
from edgevision.types import Frame, ModelRef
from tests.detectbundles import bright, make_cell_bundle, make_constant_bundle, with_dark
from tests.integration.conftest import Command
from tests.stations import FRUGAL, check_message
from tests.unit.ops.test_register import board

MODEL = ModelRef("board", "cells", "1.0.0", "0" * 64, "fp32", "any", "cpu")
ENGINES: tuple[tuple[EngineName, str], ...] = (("onnxruntime", "cpu"), ("openvino", "CPU"))
Image = npt.NDArray[np.uint8]

RECIPE = """\
schema: edgevision.recipe/1
name: board
version: "1.0"
tasks:
  - name: board
    task: detect
    bundle: cells.zip
    scaling: stretch
{step}
rules:
  - name: no-hole
    label: hole
    max_count: 0
"""


@pytest.fixture(params=ENGINES, ids=[name for name, _ in ENGINES])
def request_of(request: pytest.FixtureRequest) -> EngineRequest:
    name, provider = request.param
    if name == "openvino":
        pytest.importorskip("openvino")
    return EngineRequest(engine=name, provider=provider, precision="fp32", threads=1, streams=1)


@pytest.fixture
def replay(command: Command) -> Command:
    return partial(command, "replay", *FRUGAL)


def write_recipe(folder: Path, step: str = "", *, pair: bool = False) -> Path:
    make_cell_bundle(folder / "cells.zip", pair=pair)
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(step=step))
    return path


def save(folder: Path, **pictures: Image) -> Path:
    folder.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def results(path: Path) -> list[dict[str, Any]]:
    messages = [json.loads(line) for line in path.read_bytes().splitlines()]
    for message in messages:
        check_message("result", message)
    return messages


def boxes_in(message: dict[str, Any]) -> list[list[int]]:
    return [defect["box_xyxy"] for defect in message["defects"]]


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
        load_engine(open_bundle(make_cell_bundle(tmp_path / "cells.zip", pair=pair)), request_of).close()


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


def test_a_replay_judges_boards_and_draws_their_boxes(tmp_path: Path, replay: Command) -> None:
    recipe = write_recipe(tmp_path)
    bad = with_dark(bright((128, 128)), (32, 48, 48, 64))
    folder = save(tmp_path / "boards", a=bright((128, 128)), b=bad)
    out, video = tmp_path / "r.jsonl", tmp_path / "out.mp4"

    done = replay("--recipe", recipe, "--out", out, "--annotate", video, folder)

    assert done.status == 0, done.err
    good, broken = results(out)
    assert (good["judgement"], good["defects"]) == ("OK", [])
    assert (broken["judgement"], boxes_in(broken)) == ("NG", [[32, 48, 48, 64]])
    assert broken["defects"][0]["area_px"] == 256
    assert "length_px" not in broken["defects"][0]
    assert video.stat().st_size > 0


def test_min_score_reports_more_and_changes_no_judgement(tmp_path: Path, replay: Command) -> None:
    recipe = write_recipe(tmp_path)
    faint = with_dark(bright((128, 128)), (32, 48, 48, 64), value=120)
    folder = save(tmp_path / "boards", faint=faint, bad=with_dark(faint, (96, 96, 112, 112)))
    plain, more = tmp_path / "plain.jsonl", tmp_path / "more.jsonl"

    assert replay("--recipe", recipe, "--out", plain, folder).status == 0
    assert replay("--recipe", recipe, "--out", more, "--min-score", "0.01", folder).status == 0

    before, after = results(plain), results(more)
    for key in ("judgement", "reasons", "defect_count", "defect_area_px", "score_max", "result_id"):
        assert [line[key] for line in before] == [line[key] for line in after]
    assert [boxes_in(line) for line in before] == [[[96, 96, 112, 112]], []]
    assert [boxes_in(line) for line in after] == [
        [[96, 96, 112, 112], [32, 48, 48, 64]],
        [[32, 48, 48, 64]],
    ]


def test_each_board_is_compared_with_its_own_template(tmp_path: Path, replay: Command) -> None:
    recipe = write_recipe(tmp_path, "    reference: templates/{stem}.png", pair=True)
    one, two = board(1, (512, 512)), board(2, (512, 512))
    save(tmp_path / "templates", one=one, two=two, other=board(3, (512, 512)))
    boards = save(
        tmp_path / "boards",
        one=np.roll(with_dark(one, (128, 192, 256, 320)), 3, axis=1),
        two=np.roll(two, 5, axis=0),
        other=board(4, (512, 512)),
        unknown=two,
    )
    out = tmp_path / "r.jsonl"

    done = replay("--recipe", recipe, "--out", out, boards)

    assert done.status == 0, done.err
    judged = {line["file"]: line for line in results(out)}
    assert {file: line["judgement"] for file, line in judged.items()} == {
        "one.png": "NG",
        "two.png": "OK",
        "other.png": "ND",
        "unknown.png": "ND",
    }
    assert "correlation" in judged["other.png"]["reason"]
    assert "unknown.png, got: No such file" in judged["unknown.png"]["reason"]


def test_a_reference_that_is_not_there_is_told_with_its_line(tmp_path: Path, replay: Command) -> None:
    recipe = write_recipe(tmp_path, "    reference: good.png", pair=True)
    folder = save(tmp_path / "boards", a=bright())

    done = replay("--recipe", recipe, "--out", tmp_path / "r.jsonl", folder)

    assert done.status == 78
    assert "recipe.yaml:9:5: tasks[0].reference: reference: expected a picture at" in done.err


@pytest.mark.parametrize(
    ("pair", "step", "expected"),
    [
        (True, "", "tasks[0].reference: missing, but bundle cells compares"),
        (False, "    reference: good.png", "tasks[0].reference: bundle cells compares with nothing"),
    ],
)
def test_a_step_that_does_not_fit_its_bundle_is_refused(
    tmp_path: Path, command: Command, pair: bool, step: str, expected: str
) -> None:
    done = command("check", write_recipe(tmp_path, step, pair=pair))

    assert done.status == 78
    assert expected in done.err


def test_a_step_of_another_task_than_its_bundle_is_refused(tmp_path: Path, command: Command) -> None:
    recipe = write_recipe(tmp_path)
    recipe.write_text(recipe.read_text().replace("task: detect", "task: segment"))

    done = command("check", recipe)

    assert done.status == 78
    assert "tasks[0].task: bundle cells is one to detect, expected segment" in done.err


@pytest.mark.parametrize("option", [("--masks", "masks"), ("--min-score", "0.1")])
def test_what_no_step_can_give_is_refused(tmp_path: Path, replay: Command, option: tuple[str, str]) -> None:
    recipe = write_recipe(tmp_path)
    if option[0] == "--min-score":
        recipe = Path(__file__).parents[2] / "deploy/examples/surface-crack.yaml"
    out = tmp_path / "r.jsonl"

    done = replay("--recipe", recipe, "--out", out, *option, save(tmp_path / "boards", a=bright()))

    assert done.status == 2
    assert f"{option[0]}: recipe" in done.err
    assert not out.exists()


def test_a_bundle_is_verified_and_shown(tmp_path: Path, command: Command) -> None:
    bundle = make_cell_bundle(tmp_path / "cells.zip")

    verified, shown = command("bundle", "verify", bundle), command("bundle", "show", bundle)

    assert verified.status == 0, verified.err
    assert "2 golden samples reproduce, at most 0.000% of findings differ" in verified.out
    assert "ssd, 64 priors on 1 maps" in shown.out
