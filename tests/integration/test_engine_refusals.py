"""Models, providers and precisions that an engine refuses, and what it says."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineName, EngineRequest
from edgevision.errors import EngineError, GoldenMismatch, ManifestError, ProviderUnavailable
from tests.bundles import make_bundle, make_onnx
from tests.realengines import SIZE_WH, bundle_with, each_engine


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip", size_wh=SIZE_WH))


@each_engine
@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_that_is_not_there_is_a_fallback_or_a_refusal(
    bundle: Bundle, engine: EngineName, provider: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    if engine == "onnxruntime" and _has_gpu():
        pytest.skip("this machine has a GPU build of ONNX Runtime")
    info = load_engine(bundle, EngineRequest(engine, "fp32", provider)).info
    assert (info.requested, info.provider, info.is_fallback) == (provider, "cpu", True)
    with pytest.raises(ProviderUnavailable, match=f"expected provider {provider}, got cpu"):
        load_engine(bundle, EngineRequest(engine, "fp32", provider, require=True))
    assert capfd.readouterr() == ("", "")


def _has_gpu() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@each_engine
def test_a_file_that_is_no_model_is_an_engine_error(
    tmp_path: Path, engine: EngineName, capfd: pytest.CaptureFixture[str]
) -> None:
    bundle = bundle_with(tmp_path / "b.zip", b"no model")
    with pytest.raises(EngineError, match="cannot load the fp32 model"):
        load_engine(bundle, EngineRequest(engine, "fp32"))
    assert capfd.readouterr() == ("", "")


@each_engine
@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        (make_onnx((32, 32)), {}, r"input image: expected \(1, 32, 48, 3\) uint8"),
        (make_onnx(SIZE_WH, classes=3), {}, r"output classes: expected \(1, 2, 32, 48\) float32"),
        (make_onnx(SIZE_WH), {"outputs": [{"name": "probs"}]}, "model outputs: expected probs, got classes"),
        (make_onnx(SIZE_WH), {"input": {"name": "x", "size_wh": SIZE_WH}}, "expected x, got image"),
    ],
)
def test_a_model_that_does_not_fit_its_manifest_is_refused(
    tmp_path: Path, engine: EngineName, model: bytes, changes: dict[str, Any], words: str
) -> None:
    bundle = bundle_with(tmp_path / "b.zip", model, **changes)
    with pytest.raises(ManifestError, match=words):
        load_engine(bundle, EngineRequest(engine, "fp32"))


def halving_model() -> bytes:
    """Declares an open output size and gives half the input's."""
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, 32, 48, 3])
    classes = helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, "c", "h", "w"])
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["pixels"], perm=[0, 3, 1, 2]),
        helper.make_node("MaxPool", ["pixels"], ["classes"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    graph = helper.make_graph(nodes, "halving", [image], [classes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data: bytes = model.SerializeToString()
    return data


@each_engine
def test_an_output_of_open_size_is_checked_on_what_it_gives(tmp_path: Path, engine: EngineName) -> None:
    bundle = bundle_with(tmp_path / "b.zip", halving_model())
    with pytest.raises(ManifestError, match=r"got \(1, 3, 16, 24\) float32"):
        load_engine(bundle, EngineRequest(engine, "fp32"))


@each_engine
def test_a_model_that_does_not_reproduce_the_golden_samples_is_refused(
    tmp_path: Path, engine: EngineName
) -> None:
    model = onnx.load_model_from_string(make_onnx(SIZE_WH))
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "bias")
    bias.CopyFrom(onnx.numpy_helper.from_array(np.array([0, 20], np.float32), "bias"))
    bundle = bundle_with(tmp_path / "b.zip", model.SerializeToString())
    with pytest.raises(GoldenMismatch, match=r"golden/ok\.png in fp32"):
        load_engine(bundle, EngineRequest(engine, "fp32"))


def test_a_precision_the_bundle_lacks_is_refused(tmp_path: Path) -> None:
    bundle = bundle_with(tmp_path / "b.zip", make_onnx(SIZE_WH))
    with pytest.raises(EngineError, match="expected a int8 model, found fp32"):
        load_engine(bundle, EngineRequest("onnxruntime", "int8"))
