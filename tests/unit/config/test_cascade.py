"""Cascades in recipes: what was measured of them, and which are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.config.bundles import open_bundles
from edgevision.config.cascade import CascadeMeasurement, Looked, cascade_problem, read_measurement
from edgevision.config.document import load_recipe
from edgevision.errors import ConfigError
from edgevision.recipe import SegmentStep
from tests.stations import write_recipe

CASCADE = {"max_miss_rate": 0.01, "measured": "dark.cascade.json"}


def step_with(**cascade: Any) -> SegmentStep:
    return SegmentStep.model_validate({"name": "surface", "bundle": "tiny.zip", "cascade": CASCADE | cascade})


def measurement(step: SegmentStep, sha256: str = "a" * 64, **fields: Any) -> CascadeMeasurement:
    counts = {"pictures": 500, "defects": 1000, "missed": 0, "judged_otherwise": 0}
    calls = {"calls": 15000, "calls_with_cascade": 7000, "cpu_s": 9.0, "cpu_s_with_cascade": 5.0}
    ran = {"data": "belt", "engine": "onnxruntime", "precision": "int8"}
    return CascadeMeasurement(looked=Looked.by(step, sha256), **(ran | counts | calls | fields))


@pytest.mark.parametrize(
    ("missed", "defects", "at_most"),
    [
        (0, 1, 0.95),
        (0, 300, 0.009936),
        (0, 3000, 0.000998),
        (3, 784, 0.009862),
        (5, 100, 0.102266),
        (7, 7, 1.0),
    ],
)
def test_the_rate_of_misses_is_bounded_from_above_with_95_percent_confidence(
    missed: int, defects: int, at_most: float
) -> None:
    measured = measurement(step_with(), missed=missed, defects=defects)

    assert measured.miss_rate_at_most == pytest.approx(at_most, rel=2e-3)


def test_a_cascade_that_was_measured_well_enough_is_accepted() -> None:
    assert cascade_problem(step_with(), "a" * 64, measurement(step_with())) is None


def test_a_cascade_that_misses_more_than_the_recipe_allows_is_refused() -> None:
    problem = cascade_problem(step_with(max_miss_rate=0.002), "a" * 64, measurement(step_with()))

    assert problem is not None
    assert "at most 0.200% of the defects missed, measured 0 of 1000, with 95 % confidence at most" in problem


@pytest.mark.parametrize("changed", [{"scale": 0.375}, {"min_score": 0.1}, {"margin_px": 0}])
def test_a_measurement_holds_for_one_way_of_looking_only(changed: dict[str, float]) -> None:
    problem = cascade_problem(step_with(**changed), "a" * 64, measurement(step_with()))

    assert problem is not None
    assert "measure it by `python -m export cascade` again" in problem


def test_a_measurement_holds_for_one_region_only() -> None:
    region = {"rectangle_xyxy": [0, 0, 640, 480]}
    step = SegmentStep.model_validate(step_with().model_dump() | {"region": region})

    problem = cascade_problem(step, "a" * 64, measurement(step_with()))

    assert problem is not None
    assert problem.startswith(
        "measured with region None, and this recipe has rectangle_xyxy=(0, 0, 640, 480)"
    )
    assert cascade_problem(step, "a" * 64, measurement(step)) is None


def test_a_measurement_holds_for_one_bundle_only() -> None:
    problem = cascade_problem(step_with(), "b" * 64, measurement(step_with()))

    assert problem is not None
    assert problem.startswith("measured with bundle_sha256 aaa")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "cannot read it"),
        ("{", "Invalid JSON"),
        ("{}", "looked: Field required"),
    ],
)
def test_a_measurement_that_is_none_is_told(tmp_path: Path, text: str | None, expected: str) -> None:
    path = tmp_path / "m.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ConfigError, match=expected) as caught:
        read_measurement(path)
    assert str(path) in str(caught.value)


def test_more_misses_than_defects_are_no_measurement(tmp_path: Path) -> None:
    values = measurement(step_with()).model_dump(by_alias=True) | {"missed": 1001}
    (tmp_path / "m.json").write_text(json.dumps(values))

    with pytest.raises(ConfigError, match="expected at most the 1000 defects, got 1001"):
        read_measurement(tmp_path / "m.json")


def test_counts_that_nothing_can_reach_are_no_measurement(tmp_path: Path) -> None:
    values = measurement(step_with()).model_dump(by_alias=True) | {"defects": 10**400}
    (tmp_path / "m.json").write_text(json.dumps(values))

    with pytest.raises(ConfigError, match="defects: Input should be less than or equal to 1000000000"):
        read_measurement(tmp_path / "m.json")


def test_a_recipe_with_a_cascade_needs_its_measurement(tmp_path: Path) -> None:
    loaded = load_recipe(write_recipe(tmp_path, scaling="tile", cascade=CASCADE))
    with pytest.raises(ConfigError, match=r"tasks\[0\].cascade.measured: expected what was measured"):
        open_bundles(loaded)

    (step,) = loaded.recipe.tasks
    assert isinstance(step, SegmentStep)
    measured = measurement(step, open_bundle(tmp_path / "tiny.zip").sha256)
    (tmp_path / "dark.cascade.json").write_text(measured.model_dump_json(by_alias=True))

    (bundle,) = open_bundles(loaded)
    assert bundle.manifest.name == "tiny"


def test_a_cascade_needs_tiles(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cascade: expected scaling tile, got stretch"):
        load_recipe(write_recipe(tmp_path, cascade=CASCADE))


def test_a_first_look_at_less_than_one_input_is_refused(tmp_path: Path) -> None:
    region = {"rectangle_xyxy": [0, 0, 100, 100]}
    recipe = write_recipe(tmp_path, scaling="tile", region=region, cascade=CASCADE)

    with pytest.raises(ConfigError, match=r"tasks\[0\].cascade.scale: .* smaller than the model's input"):
        open_bundles(load_recipe(recipe))


def test_a_recipe_without_a_cascade_keeps_its_hash(tmp_path: Path) -> None:
    plain = load_recipe(write_recipe(tmp_path, scaling="tile"))
    with_none = load_recipe(write_recipe(tmp_path, scaling="tile", cascade=None))

    assert plain.ref == with_none.ref
