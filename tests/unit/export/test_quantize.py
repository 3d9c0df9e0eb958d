from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch
from torch import nn

from edgevision.errors import BundleError
from edgevision.ops.image import to_model_color
from export.convert import convert
from export.networks.deploy import Deployable
from export.networks.spec import NetworkSpec
from export.networks.unet import build_network
from export.pipeline import Step, quantize
from export.quantize import Method, Quantizer
from export.runners import draft_manifest, inputs_by_sample, load_runner, model_inputs, segment_step
from export.sensitivity import exclusions, parts, rank_parts
from export.sources import FromBytes
from tests.darkness import described, fp32_model, fragile_network, held_out, subject, write_work

pytestmark = pytest.mark.export


@cache
def inputs() -> tuple[np.ndarray, ...]:
    description = described()
    step = segment_step(description.view)
    return tuple(model_inputs(draft_manifest(description), step, held_out(6), limit=12))


@cache
def fragile() -> onnx.ModelProto:
    return convert(FromBytes(fragile_network(), described()), inputs()).model


def types(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def fused(model: onnx.ModelProto, path: str) -> list[str]:
    """Return the operations after ONNX Runtime's own optimisation."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = path
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return types(onnx.load(path))


def test_calibration_inputs_are_what_the_device_would_cut_from_the_picture() -> None:
    description = described()
    sample = held_out(1)[0]

    (batches,) = inputs_by_sample(draft_manifest(description), segment_step(description.view), [sample])

    rgb = to_model_color(sample.image_bgr, "RGB")
    assert [batch.shape for batch in batches] == [(1, 64, 64, 3)] * 2
    np.testing.assert_array_equal(batches[0][0], rgb[:, :64])
    np.testing.assert_array_equal(batches[1][0], rgb[:, -64:])


@pytest.mark.parametrize("method", ["minmax", "percentile"])
def test_the_ends_stay_float_and_weights_become_int8_per_channel(method: Method, tmp_path: Path) -> None:
    int8 = Quantizer(fp32_model(), inputs(), tmp_path, method).quantized()

    operations = [name for name in types(int8) if name != "DequantizeLinear"]
    assert operations[:5] == ["Transpose", "Cast", "Mul", "Add", "QuantizeLinear"]
    assert operations[-2:] == ["QuantizeLinear", "Softmax"]
    kernels = [t for t in int8.graph.initializer if t.data_type == onnx.TensorProto.INT8 and len(t.dims) == 4]
    scales = {t.name: t for t in int8.graph.initializer if t.name.endswith("_scale")}
    assert len(kernels) == 3
    assert any(list(scale.dims) == [8] for scale in scales.values())


def test_every_convolution_of_the_light_network_becomes_an_integer_kernel(
    tmp_path: Path,
) -> None:
    torch.manual_seed(1)
    spec = NetworkSpec(kind="unet-lite", classes=2, base_channels=4, depth=2, image_head=True)
    module = Deployable(build_network(spec), (0.5,) * 3, (0.25,) * 3)
    model = convert(module, inputs()[:2]).model

    operations = fused(Quantizer(model, inputs()[:2], tmp_path).quantized(), str(tmp_path / "fused.onnx"))

    assert operations.count("QLinearConv") == types(model).count("Conv")
    assert "Conv" not in operations
    assert "FusedConv" not in operations


class JoinedNorm(nn.Module):
    """Two convolutions whose answers are joined and normalised, before a last one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = (nn.Conv2d(3, 4, 3, padding=1) for _ in range(2))
        self.norm, self.last = nn.BatchNorm2d(8), nn.Conv2d(8, 2, 1)
        nn.init.normal_(self.norm.bias)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([self.first(planes), self.second(planes)], dim=1)
        answer: torch.Tensor = self.last(self.norm(joined))
        return answer


def test_what_joins_and_the_norm_behind_it_stay_float_as_openvino_cannot_load_their_int8_form(
    tmp_path: Path,
) -> None:
    model = convert(FromBytes(JoinedNorm(), described()), inputs()).model
    fp32_answer = run(model, inputs()[0])

    int8 = Quantizer(model, inputs(), tmp_path).quantized()

    (joined,) = (node.output[0] for node in int8.graph.node if node.op_type == "Concat")
    assert [node.op_type for node in int8.graph.node if joined in node.input] == ["BatchNormalization"]
    pytest.importorskip("openvino", reason="openvino is not installed: pip install edgevision[openvino]")
    runner = load_runner(draft_manifest(described()), int8.SerializeToString(), "openvino", "int8", 1)
    (answer,) = runner.engine.infer(inputs()[0])
    assert np.abs(answer - fp32_answer).mean() < 0.02


def test_the_int8_file_says_how_it_was_made(tmp_path: Path) -> None:
    quantizer = Quantizer(fp32_model(), inputs(), tmp_path)
    name = quantizer.weighted_nodes[0]

    said = {item.key: item.value for item in quantizer.quantized([name]).metadata_props}

    assert said["edgevision.schema"] == "edgevision.quantized/1"
    assert said["edgevision.calibration_sha256"] == quantizer.calibration_sha256
    assert said["edgevision.excluded_nodes"] == f'["{name}"]'
    assert "minmax" in said["edgevision.quantization"]


def test_the_calibration_hash_is_that_of_the_inputs(tmp_path: Path) -> None:
    first, same, other = (
        Quantizer(fp32_model(), chosen, tmp_path).calibration_sha256
        for chosen in (inputs(), list(inputs()), inputs()[1:])
    )

    assert first == same
    assert first != other


def test_calibrating_without_inputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="expected at least one input"):
        Quantizer(fp32_model(), [], tmp_path)


def test_parts_are_layers_alone_and_with_all_up_to_the_next_layers(tmp_path: Path) -> None:
    graph = Quantizer(fp32_model(), inputs(), tmp_path).prepared.graph
    first, relu, second = (node.name for node in graph.node[4:7])
    layers = [node.name for node in graph.node if node.op_type == "Conv"]

    found = list(parts(graph, layers))

    assert found[:2] == [(first,), (first, relu, second)]
    assert len(found) == 6


def test_the_part_at_fault_is_ranked_first(tmp_path: Path) -> None:
    quantizer = Quantizer(fragile(), inputs(), tmp_path)
    first, _, _ = quantizer.weighted_nodes

    def error(model: onnx.ModelProto) -> float:
        return float(np.mean([np.abs(run(model, x) - run(fragile(), x)).mean() for x in inputs()]))

    ranked = rank_parts(quantizer, error)

    assert first in ranked[0].nodes
    assert ranked[0].mended > 5 * ranked[0].error
    assert next(exclusions(ranked)) == ranked[0].nodes


def run(model: onnx.ModelProto, batch: np.ndarray) -> np.ndarray:
    import onnxruntime as ort

    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"image": batch})[0])


def test_layers_at_fault_are_left_in_float_until_the_gate_passes(
    tmp_path: Path,
) -> None:
    work = write_work(tmp_path, fragile())
    said: list[str] = []

    passed = quantize(Step(work, subject(), said.append))

    made = work.read_facts().quantization
    assert passed
    assert made is not None
    assert made.excluded_nodes
    assert "int8 throughout: refused: int8 onnxruntime" in "\n".join(said)
    assert said[-1].startswith("passes with")


def test_a_sound_network_is_quantised_throughout(tmp_path: Path) -> None:
    work = write_work(tmp_path, fp32_model())

    assert quantize(Step(work, subject(), lambda _: None))

    made = work.read_facts().quantization
    assert made is not None
    assert made.excluded_nodes == ()
    assert made.calibration.startswith("16 inputs of drawn, first, sha256 ")
