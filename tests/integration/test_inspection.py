"""A real bundle on real engines, from frame to verdict."""

from pathlib import Path

import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.manifest import Precision
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineName, EngineRequest
from edgevision.inspector import Inspector
from edgevision.recipe import SegmentStep
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Frame, Inspection, Judgement, ModelRef
from tests.bundles import dark_part, make_bundle
from tests.unit.recipes import RECIPE_REF, make_recipe

MODEL = ModelRef("surface", "tiny", "1.0.0", "0" * 64, "int8", "onnxruntime", "cpu")


def _inspect(path: Path, engine: EngineName, precision: Precision, *, defective: bool) -> Inspection:
    bundle = open_bundle(make_bundle(path / "tiny.zip", activation="softmax"))
    loaded = load_engine(bundle, EngineRequest(engine, precision))
    step = SegmentStep(name="surface", bundle="tiny.zip")
    task = SegmentTask(step, bundle.manifest, loaded, MODEL)
    recipe = make_recipe({"label": "crack", "max_count": 0})
    inspector = Inspector(recipe, RECIPE_REF, [task], "run-1", is_simulated=True)
    frame = Frame(dark_part((200, 160), defective=defective), "cam1", 0, 0, 0)
    inspection = inspector.inspect(frame)
    loaded.close()
    return inspection


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_dark_bar_is_ng_and_a_bright_part_ok(
    tmp_path: Path, engine: EngineName, precision: Precision
) -> None:
    pytest.importorskip(engine)
    inspection = _inspect(tmp_path, engine, precision, defective=True)
    assert inspection.verdict.judgement is Judgement.NG
    (defect,) = inspection.defects
    assert defect.box_xyxy == (50, 40, 100, 80)
    assert defect.area_px == 50 * 40
    assert 0 < inspection.times.infer_ns < inspection.times.inspect_ns
    clean = _inspect(tmp_path, engine, precision, defective=False)
    assert clean.verdict.judgement is Judgement.OK
