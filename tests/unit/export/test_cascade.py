import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from typer.testing import CliRunner

from edgevision.bundle.archive import open_bundle
from edgevision.config.bundles import open_bundles
from edgevision.config.cascade import CascadeMeasurement, read_measurement
from edgevision.config.document import load_recipe
from edgevision.engines.spec import EngineRequest
from edgevision.errors import OutputError, TruncatedInput, UsageError
from edgevision.replay.inputs import open_recordings
from export.cascade import frames_of, measure_cascade
from export.cli.app import app
from export.data.belt import WIDE_WH, render_on_belt, write_belt
from tests.stations import write_recipe

pytestmark = pytest.mark.export

REQUEST = EngineRequest("onnxruntime", "fp32")


def write_pictures(folder: Path, *spots_px: int) -> Path:
    folder.mkdir()
    for number, side in enumerate(spots_px):
        picture = np.full((300, 400, 3), 200, np.uint8)
        picture[150 : 150 + side, 180 : 180 + side] = 20
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


def recipe_with(folder: Path, **cascade: Any) -> Path:
    limits = {"max_miss_rate": 0.9, "measured": "dark.cascade.json", "margin_px": 16}
    return write_recipe(folder, scaling="tile", min_area_px=2, cascade=limits | cascade)


def measured(folder: Path, recipe: Path, pictures: Path) -> CascadeMeasurement:
    bundle = open_bundle(folder / "tiny.zip")
    frames = frames_of(open_recordings([str(pictures)], None), None, [])
    return measure_cascade(bundle, REQUEST, load_recipe(recipe).recipe, frames, "dark")


def test_what_the_first_look_misses_is_counted_with_what_it_saves(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "parts", 40, 0, 2)

    found = measured(tmp_path, recipe_with(tmp_path, scale=0.375, min_score=0.9), pictures)

    assert (found.pictures, found.defects, found.missed, found.judged_otherwise) == (3, 2, 1, 1)
    assert found.calls_with_cascade < found.calls


def test_a_wary_first_look_misses_nothing(tmp_path: Path) -> None:
    found = measured(tmp_path, recipe_with(tmp_path), write_pictures(tmp_path / "parts", 40, 30))

    assert (found.defects, found.missed, found.judged_otherwise) == (2, 0, 0)


def test_pictures_without_defects_measure_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected pictures with defects, found none in 2"):
        measured(tmp_path, recipe_with(tmp_path), write_pictures(tmp_path / "parts", 0, 0))


def test_a_recipe_without_a_cascade_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected a single segment step, with a cascade"):
        measured(tmp_path, write_recipe(tmp_path), tmp_path)


def test_the_command_writes_what_lets_the_recipe_be_accepted(tmp_path: Path) -> None:
    recipe = recipe_with(tmp_path)
    pictures = write_pictures(tmp_path / "parts", 40, 30, 50)

    outcome = CliRunner().invoke(app, ["cascade", str(recipe), str(pictures), "--precision", "fp32"])

    assert outcome.exit_code == 0, outcome.output
    assert "0 of 3 defects missed" in outcome.output
    assert read_measurement(tmp_path / "dark.cascade.json").data == "parts"
    assert len(open_bundles(load_recipe(recipe))) == 1


def test_the_command_looks_at_no_more_frames_of_each_input_than_it_is_told(tmp_path: Path) -> None:
    recipe = recipe_with(tmp_path)
    inputs = [str(write_pictures(tmp_path / name, 40, 30, 50)) for name in ("first", "second")]

    outcome = CliRunner().invoke(
        app, ["cascade", str(recipe), *inputs, "--frames", "2", "--precision", "fp32"]
    )

    assert outcome.exit_code == 0, outcome.output
    assert read_measurement(tmp_path / "dark.cascade.json").pictures == 4


def test_a_damaged_picture_is_told_after_the_others_were_measured(tmp_path: Path) -> None:
    recipe = recipe_with(tmp_path)
    pictures = write_pictures(tmp_path / "parts", 40, 30, 50)
    (pictures / "1.png").write_bytes(b"no picture")

    outcome = CliRunner().invoke(app, ["cascade", str(recipe), str(pictures), "--precision", "fp32"])

    assert isinstance(outcome.exception, TruncatedInput)
    assert "damaged or no images: 1.png" in str(outcome.exception)
    assert "0 of 2 defects missed" in outcome.output
    assert read_measurement(tmp_path / "dark.cascade.json").pictures == 2


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    recipe = recipe_with(tmp_path, measured="gone/dark.cascade.json")
    nothing_to_measure = write_pictures(tmp_path / "parts", 0)

    outcome = CliRunner().invoke(
        app, ["cascade", str(recipe), str(nothing_to_measure), "--precision", "fp32"]
    )

    assert isinstance(outcome.exception, OutputError)
    assert "gone/dark.cascade.json: cannot be written" in str(outcome.exception)


@pytest.mark.parametrize("before", ["yesterday", None])
def test_a_measurement_that_fails_leaves_what_was_there_before(tmp_path: Path, before: str | None) -> None:
    recipe, measured = recipe_with(tmp_path), tmp_path / "dark.cascade.json"
    if before is not None:
        measured.write_text(before)
    nothing_to_measure = write_pictures(tmp_path / "parts", 0)

    outcome = CliRunner().invoke(
        app, ["cascade", str(recipe), str(nothing_to_measure), "--precision", "fp32"]
    )

    assert isinstance(outcome.exception, UsageError)
    assert (measured.read_text() if measured.exists() else None) == before


def test_the_command_says_when_the_recipe_will_be_refused(tmp_path: Path) -> None:
    recipe = recipe_with(tmp_path, max_miss_rate=0.01)
    pictures = write_pictures(tmp_path / "parts", 40)

    outcome = CliRunner().invoke(app, ["cascade", str(recipe), str(pictures), "--precision", "fp32"])

    assert outcome.exit_code == 0, outcome.output
    assert "the recipe will be refused: expected at most 1.000%" in outcome.output


def test_a_belt_shows_good_and_defective_parts_the_same_every_time(tmp_path: Path) -> None:
    write_belt(tmp_path / "belt", seed=3, parts=2)

    again = render_on_belt(3, 1)
    assert again.image_bgr.shape == (*WIDE_WH[::-1], 3)
    assert np.array_equal(render_on_belt(3, 1).image_bgr, again.image_bgr)
    first, second = frames_of(open_recordings([str(tmp_path / "belt")], None), None, [])
    assert second.truth is not None
    assert (second.truth.judgement.value == "NG") == bool(again.class_map.any())
    assert not np.array_equal(first.image_bgr, second.image_bgr)
