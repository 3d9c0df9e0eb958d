import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from pathlib import Path
from typing import Any

from edgevision.bundle.archive import open_bundle
from edgevision.config.document import load_recipe
from edgevision.engines.spec import EngineRequest
from edgevision.recipe import Recipe
from edgevision.types import Judgement
from export.data.line import SampleLineSet
from export.mine import HardPart, hard_parts
from tests.stations import write_recipe

pytestmark = pytest.mark.export

PARTS = 10


def mined(folder: Path, **step: Any) -> list[HardPart]:
    loaded = load_recipe(write_recipe(folder, **step))
    bundle = open_bundle(folder / "tiny.zip")
    request = EngineRequest("onnxruntime", "fp32")
    recipe: Recipe = loaded.recipe
    return list(hard_parts(bundle, request, recipe, seed=3, parts=PARTS))


def truths() -> dict[int, Judgement]:
    parts = SampleLineSet(seed=3, frames=PARTS, wide_share=0.0)
    return {
        number: Judgement.NG if part.class_map.any() else Judgement.OK for number, part in enumerate(parts)
    }


def numbers(found: list[HardPart]) -> list[int]:
    return [part.number for part in found]


def test_a_model_that_calls_everything_cracked_finds_the_good_parts_hard(tmp_path: Path) -> None:
    good = [number for number, truth in truths().items() if truth is Judgement.OK]

    assert numbers(mined(tmp_path)) == good != []


def test_a_model_that_never_finds_anything_finds_the_defective_parts_hard_where_the_defect_is(
    tmp_path: Path,
) -> None:
    defective = [number for number, truth in truths().items() if truth is Judgement.NG]
    parts = SampleLineSet(seed=3, frames=PARTS, wide_share=0.0)

    found = mined(tmp_path, pixel_threshold=1.0)

    assert numbers(found) == defective != []
    assert all(parts[part.number].class_map[part.spot_xy[::-1]] > 0 for part in found)
