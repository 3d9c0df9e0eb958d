"""Detect bundles through the command line: replay, check, and what is said of a bundle."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.boards import board
from tests.detectbundles import bright, make_cell_bundle, with_dark
from tests.integration.conftest import Command
from tests.stations import read_results

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


def boxes_in(message: dict[str, Any]) -> list[list[int]]:
    return [defect["box_xyxy"] for defect in message["defects"]]


def test_a_replay_judges_boards_and_draws_their_boxes(tmp_path: Path, replay: Command) -> None:
    recipe = write_recipe(tmp_path)
    bad = with_dark(bright((128, 128)), (32, 48, 48, 64))
    folder = save(tmp_path / "boards", a=bright((128, 128)), b=bad)
    out, video = tmp_path / "r.jsonl", tmp_path / "out.mp4"

    done = replay("--recipe", recipe, "--out", out, "--annotate", video, folder)

    assert done.status == 0, done.err
    good, broken = read_results(out)
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

    before, after = read_results(plain), read_results(more)
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
    judged = {line["file"]: line for line in read_results(out)}
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
