"""A cascade with the shipped model on a real engine: a part somewhere on a large plain picture."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from edgevision.build import Models
from edgevision.bundle.archive import open_bundle
from edgevision.bundle.resolve import find_bundle
from edgevision.capture.sample import render_part
from edgevision.config.cascade import CascadeMeasurement, Looked
from edgevision.config.document import LoadedRecipe, load_recipe
from edgevision.config.station import EngineSettings
from edgevision.errors import ConfigError
from edgevision.recipe import SegmentStep
from edgevision.types import Frame, Inspection

BUNDLE = "builtin:surface-crack"
SEED = 140
ENGINE = EngineSettings(name="onnxruntime", provider="cpu", precision="int8", threads=1)


def recipe_in(folder: Path, cascade: dict[str, Any] | None) -> LoadedRecipe:
    values = {
        "schema": "edgevision.recipe/1",
        "name": "belt",
        "version": "1.0",
        "tasks": [{"name": "surface", "bundle": BUNDLE} | ({"cascade": cascade} if cascade else {})],
        "rules": [{"name": "none", "min_area_px": 40, "max_count": 0}],
    }
    path = folder / f"{'cascade' if cascade else 'every'}.yaml"
    path.write_text(yaml.safe_dump(values))
    return load_recipe(path)


def write_measurement(loaded: LoadedRecipe, missed: int, precision: str = "int8") -> None:
    (step,) = loaded.recipe.tasks
    assert isinstance(step, SegmentStep)
    sha256 = open_bundle(find_bundle(BUNDLE, loaded.base_dir)).sha256
    looked = Looked.by(step, sha256)
    counts: dict[str, Any] = {"pictures": 1000, "defects": 1000, "missed": missed, "judged_otherwise": 0}
    counts |= {"calls": 30, "calls_with_cascade": 15, "cpu_s": 9.0, "cpu_s_with_cascade": 5.0}
    counts |= {"engine": "onnxruntime", "precision": precision}
    measured = CascadeMeasurement(looked=looked, data="belt", **counts)
    (loaded.base_dir / "m.json").write_text(measured.model_dump_json(by_alias=True))


def large_frame(index: int) -> Frame:
    part = render_part(SEED, index)
    belt = int(np.median(part.image_bgr[:, :60]))
    picture = np.full((960, 1280, 3), belt, np.uint8)
    picture[330:810, 510:1150] = part.image_bgr
    return replace(part, image_bgr=picture, truth=None)


def inspected(loaded: LoadedRecipe, frames: list[Frame]) -> list[Inspection]:
    models = Models(loaded, ENGINE, streams=1)
    try:
        inspector = models.inspector("test")
        return [inspector.inspect(frame) for frame in frames]
    finally:
        models.close()


def test_a_cascade_finds_what_looking_at_every_tile_finds_every_time(tmp_path: Path) -> None:
    truths = {index: render_part(SEED, index).truth for index in range(12)}
    bad = next(index for index, truth in truths.items() if truth and truth.judgement.value == "NG")
    frames = [large_frame(bad)]
    loaded = recipe_in(tmp_path, {"max_miss_rate": 0.01, "measured": "m.json"})
    write_measurement(loaded, missed=0)

    (every,) = inspected(recipe_in(tmp_path, None), frames)
    got, again = inspected(loaded, frames * 2)

    def found(inspection: Inspection) -> list[tuple[str, tuple[int, int, int, int]]]:
        (findings,) = inspection.findings
        return [(defect.label, defect.box_xyxy) for defect in findings.defects]

    assert got.verdict.judgement == every.verdict.judgement
    assert found(got) == found(every) == found(again) != []


def test_a_station_refuses_a_cascade_that_misses_too_much(tmp_path: Path) -> None:
    loaded = recipe_in(tmp_path, {"max_miss_rate": 0.01, "measured": "m.json"})
    write_measurement(loaded, missed=20)

    with pytest.raises(ConfigError, match="measured 20 of 1000"):
        Models(loaded, ENGINE, streams=1)


def test_a_station_refuses_a_cascade_that_was_measured_with_another_model(tmp_path: Path) -> None:
    loaded = recipe_in(tmp_path, {"max_miss_rate": 0.01, "measured": "m.json"})
    write_measurement(loaded, missed=0, precision="fp32")

    with pytest.raises(ConfigError, match="measured with the fp32 model, and the engine runs the int8 one"):
        Models(loaded, ENGINE, streams=1)
