import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.errors import BundleError
from edgevision.recipe import Recipe, Rule
from export.data.sample import Sample
from export.gate_report import gate_html, gate_json
from export.materials import Materials
from export.quantize import Quantizer
from export.runners import segment_step
from export.segmenting import SegmentSubject
from export.verify import GateResult, Verification
from tests.darkness import deployable, described, fp32_model, held_out, materials

pytestmark = pytest.mark.export


def verification(held: Materials[Sample] | None = None, recipe: Recipe | None = None) -> Verification:
    return Verification(SegmentSubject(described(output={}), held or materials(), recipe), fp32_model())


@cache
def passing() -> GateResult:
    return verification().result(fp32_model(), deployable())


def biased(bias: float) -> onnx.ModelProto:
    """A stand-in for a badly quantised model: the logit of `dark` is off by a constant."""
    model = fp32_model()
    last = [node for node in model.graph.node if node.op_type == "Conv"][-1]
    tensor = next(item for item in model.graph.initializer if item.name == last.input[2])
    values = onnx.numpy_helper.to_array(tensor) + np.array([0, bias], np.float32)
    tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), tensor.name))
    return model


def test_equal_models_pass_on_every_engine_with_torch_beside_them() -> None:
    names = [measured.runner.name for measured in passing().measured]

    assert passing().passed
    assert passing().flips == ()
    assert names[:2] == ["fp32 onnxruntime", "torch eager"]
    assert "int8 onnxruntime" in names
    assert passing().of("int8").figures == passing().of("fp32").figures
    assert passing().of("fp32").figures["mean_iou"] > 0.9


def test_golden_inputs_show_both_verdicts() -> None:
    judgements = [answer.judgement for answer in passing().of("fp32").golden]

    assert judgements == ["OK"] * 4 + ["NG"] * 4
    assert all(sample.batch.shape == (1, 64, 64, 3) for sample in passing().golden)


def test_a_model_that_finds_nothing_any_more_is_refused_for_figures_and_verdicts() -> None:
    result = verification().result(biased(-40))

    assert not result.passed
    assert any("mean_iou" in reason and "got 0.0000" in reason for reason in result.refusals)
    flipped = [flip for flip in result.flips if flip.what == "picture" and "onnxruntime" in flip.runner]
    assert {(flip.expected, flip.got) for flip in flipped} == {("NG", "OK")}
    assert {flip.picture for flip in flipped} == {f"part-{index:03d}" for index in range(1, 12, 2)}


def test_a_golden_verdict_that_flips_is_refused_even_without_truth() -> None:
    without = replace(materials(), has_truth=False)

    result = verification(without).result(biased(-40))

    assert result.of("int8").figures == {}
    assert result.refusals
    assert all("golden" in reason for reason in result.refusals)


def test_verdicts_follow_the_given_recipe() -> None:
    step = segment_step(described().view)
    lenient = Recipe(name="r", version="1.0", tasks=(step,), rules=(Rule(name="huge", max_area_px=9999),))

    result = verification(recipe=lenient).result(biased(-40))

    assert {picture.judgement for one in result.measured for picture in one.pictures} == {"OK"}


def test_a_torch_model_that_is_not_the_converted_one_is_refused() -> None:
    other = deployable()
    other.get_parameter("network.4.bias").data[1] += 1

    result = verification().result(fp32_model(), other)

    assert len(result.refusals) == 1
    assert "torch: expected answers within 0.001 of fp32" in result.refusals[0]


def test_too_few_pictures_are_refused() -> None:
    few = replace(materials(), held_out=held_out(3))

    with pytest.raises(BundleError, match="at least 4 held-out pictures judged OK or NG, got 3 of 3"):
        verification(few)


def test_the_real_int8_model_differs_a_little_and_passes(tmp_path: Path) -> None:
    gate = verification()
    int8 = Quantizer(fp32_model(), gate.gate.inputs, tmp_path).quantized()

    result = gate.result(int8)

    assert result.passed
    assert 0 < result.of("int8").difference.mean <= result.of("int8").difference.max < 0.5


def test_the_report_names_every_flip_and_shows_pictures_of_it() -> None:
    result = verification().result(biased(-40))

    values, page = json.loads(json.dumps(gate_json(result))), gate_html(result)

    assert values["schema"] == "edgevision.gate/1"
    assert values["passed"] is False
    assert len(values["flips"]) == len(result.flips) > 0
    assert all(flip.picture in page for flip in result.flips)
    assert page.count("<img") >= 4
    assert values["runners"][0]["judgements"] == {"OK": 6, "NG": 6, "ND": 0}
