from pathlib import Path

import pytest

from tests.bundles import make_bundle
from tests.embedbundles import make_classify_bundle
from tests.unit.cli.conftest import Run

RECIPE = """\
schema: edgevision.recipe/1
name: plate
version: "1.0"
tasks:
  - name: surface
    bundle: tiny.zip
    region: {rectangle_xyxy: [0, 0, 100, 100]}
zones:
  - name: rim
    rectangle_xyxy: [50, 50, 200, 200]
rules:
  - name: no-crack
    label: crack
    zone: rim
    max_length_px: 10
  - name: no-pit
    label: pit
    max_count: 0
"""

STATION = """\
schema: edgevision.station/1
station: line1
recipe: recipe.yaml
cameras:
  - source: sample:1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_bundle(tmp_path / "tiny.zip", labels=("background", "crack", "pit"))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "station.yaml").write_text(STATION)
    return tmp_path


def test_a_sound_recipe_is_fine_and_its_parts_are_named(run: Run, folder: Path) -> None:
    outcome = run("check", str(folder / "recipe.yaml"))

    assert outcome.status == 0
    assert outcome.out.startswith(f"{folder / 'recipe.yaml'}: fine\n")
    assert "recipe plate 1.0, 2 rules" in outcome.out
    assert "step surface: tiny 1.0.0" in outcome.out


def test_a_sound_station_is_fine_with_all_it_refers_to(run: Run, folder: Path) -> None:
    outcome = run("check", str(folder / "station.yaml"))

    assert outcome.status == 0
    assert "station line1: cameras cam1; no broker" in outcome.out
    assert "step surface: tiny 1.0.0" in outcome.out


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("label: pit", "label: pitt", "17:5: rules[1].label: no model finds 'pitt'; did you mean 'pit'?"),
        (
            "    region:",
            "    scale: 0.5\n    region:",
            "7:5: tasks[0].scale: scale 0.5 makes 100 x 100 pixels smaller than the model's input of 64 x 64",
        ),
        (
            "    region:",
            "    scale: 0.02\n    region:",
            "7:5: tasks[0].scale: expected at least 0.1, got 0.02",
        ),
        ("label: pit", "label: background", "17:5: rules[1].label: no model finds 'background'"),
        (
            "max_count: 0",
            "max_width_px: 3",
            "18:5: rules[1].max_width_px: pit has no length or width, only crack",
        ),
        ("max_count: 0", "min_length_px: 3\n    max_count: 0", "18:5: rules[1].min_length_px: pit has no"),
        ("[50, 50, 200, 200]", "[100, 0, 200, 200]", "14:5: rules[0].zone: zone rim lies outside"),
    ],
)
def test_a_rule_or_scale_by_which_nothing_would_be_found_is_refused(
    run: Run, folder: Path, old: str, new: str, expected: str
) -> None:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.replace(old, new))

    outcome = run("check", str(path))

    assert outcome.status == 78
    assert f"{path}:{expected}" in outcome.err
    assert outcome.out == ""


def test_a_bundle_that_is_missing_is_told_with_the_line_of_the_recipe(run: Run, folder: Path) -> None:
    (folder / "tiny.zip").unlink()

    outcome = run("check", str(folder / "station.yaml"))

    assert outcome.status == 4
    assert f"{folder / 'recipe.yaml'}:6:5: tasks[0].bundle: " in outcome.err


def test_a_damaged_bundle_is_refused(run: Run, folder: Path) -> None:
    content = (folder / "tiny.zip").read_bytes()
    (folder / "tiny.zip").write_bytes(content[: len(content) // 2])

    assert run("check", str(folder / "recipe.yaml")).status == 4


def test_another_bundle_than_the_pinned_one_is_refused(run: Run, folder: Path) -> None:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.replace("tiny.zip\n", f"tiny.zip\n    bundle_sha256: {'ab' * 32}\n"))

    outcome = run("check", str(path))

    assert outcome.status == 4
    assert "change bundle_sha256 on purpose" in outcome.err


def test_a_limit_in_millimetres_needs_a_calibrated_camera(run: Run, folder: Path) -> None:
    (folder / "recipe.yaml").write_text(RECIPE.replace("max_length_px", "max_length_mm"))
    station = folder / "station.yaml"

    outcome = run("check", str(station))

    assert outcome.status == 78
    assert f"{station}:5:5: cameras[0].px_per_mm: missing, but rule no-crack" in outcome.err

    station.write_text(STATION + "    px_per_mm: 10\n")
    assert run("check", str(station)).status == 0


def test_a_change_gate_needs_a_recipe_that_looks_for_defects(run: Run, folder: Path) -> None:
    station = folder / "station.yaml"
    station.write_text(STATION + "    change_gate: {tolerance: 12}\n")
    assert run("check", str(station)).status == 0
    make_classify_bundle(folder / "kinds.zip")
    step = "  - {name: kind, task: classify, bundle: kinds.zip}\nzones:"
    (folder / "recipe.yaml").write_text(RECIPE.replace("zones:", step))

    outcome = run("check", str(station))

    assert outcome.status == 78
    assert f"{station}:6:5: cameras[0].change_gate: step kind of recipe plate tells which" in outcome.err


def test_a_mistake_in_the_recipe_of_a_station_names_the_recipe(run: Run, folder: Path) -> None:
    (folder / "recipe.yaml").write_text(RECIPE.replace("name: plate", "name: a plate"))

    outcome = run("check", str(folder / "station.yaml"))

    assert outcome.status == 78
    assert outcome.err.startswith(f"edgevision: {folder / 'recipe.yaml'}:2:1: name: expected a name")
