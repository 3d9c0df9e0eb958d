from functools import cache

import numpy as np
import onnx
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch
from torch import nn

from edgevision.bundle.manifest import Manifest
from edgevision.engines.onnx import load_onnx
from edgevision.engines.spec import EngineRequest
from edgevision.errors import BundleError, ManifestError, UsageError
from export.adopt import adopt
from export.convert import IR_VERSION, MAX_DIFFERENCE, convert
from export.cost import cost_of
from export.description import Description
from export.runners import draft_manifest, model_inputs, segment_step
from tests.darkness import converted, deployable, described, held_out, network

pytestmark = pytest.mark.export


@cache
def inputs() -> tuple[np.ndarray, ...]:
    description = described()
    step = segment_step(description.view)
    return tuple(model_inputs(draft_manifest(description), step, held_out(4), limit=6))


def test_the_onnx_file_answers_as_torch_does() -> None:
    assert 0 <= converted().max_abs_difference <= MAX_DIFFERENCE
    assert converted().samples == 6


def test_the_onnx_file_takes_bytes_and_loads_in_the_device_engine() -> None:
    manifest: Manifest = draft_manifest(described())
    model = converted().model.SerializeToString()

    engine = load_onnx(manifest, model, EngineRequest("onnxruntime", "fp32"))

    assert engine.infer(inputs()[0])[0].shape == (1, 2, 64, 64)


def test_the_onnx_file_is_whole_and_says_nothing_of_the_machine_it_was_made_on() -> None:
    model = converted().model
    content = model.SerializeToString()

    assert model.ir_version == IR_VERSION
    assert [item.version for item in model.opset_import] == [18]
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)
    assert b"darkness.py" not in content
    assert b"/" + b"export/" not in content


def test_the_prefix_before_the_first_convolution_is_small() -> None:
    operations = [node.op_type for node in converted().model.graph.node]

    assert operations[: operations.index("Conv")] == ["Transpose", "Cast", "Mul", "Add"]


def test_costs_are_counted_from_the_graph() -> None:
    cost = cost_of(converted().model)

    weights = sum(value.numel() for value in network().parameters())
    macs = 64 * 64 * (3 * 8 * 9 + 8 * 8 * 9 + 8 * 2)
    assert cost.parameters == weights
    assert cost.gmac == pytest.approx(macs / 1e9)


def test_a_module_without_pixel_answers_is_refused_with_the_remedy() -> None:
    class Flat(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image.float().mean((1, 2))

    with pytest.raises(
        BundleError, match=r"expected \(1, classes, H, W\) float32, got \(1, 3\).*networks\.deploy"
    ):
        convert(Flat(), inputs())


def test_an_onnx_file_that_answers_differently_is_refused() -> None:
    class Moody(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            planes = image.permute(0, 3, 1, 2).float() / 255
            return planes if torch.onnx.is_in_onnx_export() else planes * 0.5

    with pytest.raises(BundleError, match="ONNX against torch"):
        convert(Moody(), inputs())


def test_an_opset_outside_the_range_is_refused() -> None:
    with pytest.raises(UsageError, match="expected 17 to 20, got 21"):
        convert(deployable(), inputs(), opset=21)


def foreign(height: int | str = "h", opset: int = 13, name: str = "image") -> onnx.ModelProto:
    """A model as users bring them: float NCHW with open sizes, an old opset, logits out."""
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    weight = np.array([[0, 0, 0], [-10, -10, -10]], np.float32).reshape(2, 3, 1, 1)
    bias = np.array([0, -6], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", [name, "weight", "bias"], ["logits"], "conv"),
            helper.make_node("Relu", ["logits"], ["extra"], "relu"),
        ],
        "foreign",
        [helper.make_tensor_value_info(name, real, ["n", 3, height, "w"])],
        [helper.make_tensor_value_info(output, real, None) for output in ("extra", "logits")],
        [onnx.numpy_helper.from_array(weight, "weight"), onnx.numpy_helper.from_array(bias, "bias")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)


def foreign_description(**changes: object) -> Description:
    output = {"name": "logits", "activation": "softmax"}
    return described(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), output=output, **changes)


@pytest.mark.parametrize("name", ["image", "x"])
def test_a_foreign_model_gets_bytes_in_and_the_same_answers_as_normalised_floats(name: str) -> None:
    description = foreign_description()

    model = adopt(foreign(name=name), description)

    manifest = draft_manifest(description, output_name="logits")
    engine = load_onnx(manifest, model.SerializeToString(), EngineRequest("onnxruntime", "fp32"))
    (answer,) = engine.infer(inputs()[0])
    floats = (inputs()[0].astype(np.float32) / 255 - 0.5) / 0.25
    np.testing.assert_allclose(answer[0, 1], -10 * floats[0].sum(-1) - 6, atol=1e-3)


def test_a_foreign_model_that_takes_bytes_already_is_left_as_it_is() -> None:
    description = foreign_description()
    once = adopt(foreign(), description)

    assert [node.op_type for node in adopt(once, description).graph.node] == [
        node.op_type for node in once.graph.node
    ]


@pytest.mark.parametrize(
    ("model", "output", "message"),
    [
        (foreign(height=48), "logits", "does not fit|expected"),
        (foreign(), "softness", "expected 1 of extra, logits, got softness"),
        (foreign(), None, "expected 1 of extra, logits, got extra, logits; name"),
    ],
)
def test_a_foreign_model_that_does_not_fit_its_description_is_refused(
    model: onnx.ModelProto, output: str | None, message: str
) -> None:
    description = described(output={"name": output})

    with pytest.raises(ManifestError, match=message):
        adopt(model, description)
