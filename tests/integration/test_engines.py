"""Real engines on a tiny real model."""

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineName, EngineRequest
from edgevision.errors import EngineError, GoldenMismatch, ManifestError, ProviderUnavailable
from edgevision.ports import Engine
from tests.bundles import bundle_parts, dark_part, make_bundle, make_onnx

ENGINES: list[EngineName] = ["onnxruntime", "openvino"]
each_engine = pytest.mark.parametrize("engine", ENGINES)
SIZE_WH = (48, 32)


@pytest.fixture(autouse=True)
def _installed(request: pytest.FixtureRequest) -> None:
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and "engine" in callspec.params:
        _library(callspec.params["engine"])


def _library(engine: EngineName) -> None:
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip", size_wh=SIZE_WH))


def part(*, defective: bool) -> npt.NDArray[np.uint8]:
    return dark_part(SIZE_WH, defective=defective)[np.newaxis]


def bundle_with(path: Path, model: bytes, **changes: Any) -> Bundle:
    fields, files = bundle_parts(SIZE_WH, precisions=("fp32",))
    files["model.fp32.onnx"] = model
    write_bundle(path, Manifest.model_validate(fields | {"files": file_hashes(files)} | changes), files)
    return open_bundle(path)


@pytest.fixture
def loaded(bundle: Bundle, engine: EngineName) -> Iterator[Engine]:
    opened = load_engine(bundle, EngineRequest(engine, "int8", threads=2, streams=2))
    yield opened
    opened.close()


@each_engine
@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("streams", [1, 2])
def test_a_model_gives_its_probabilities(
    bundle: Bundle, engine: EngineName, precision: Any, streams: int
) -> None:
    opened = load_engine(bundle, EngineRequest(engine, precision, threads=2, streams=streams))
    batch = part(defective=True)
    (planes,) = opened.infer(batch)
    assert planes.shape == (1, 2, 32, 48)
    assert planes.dtype == np.float32
    assert ((planes[0, 1] > 0.5) == (batch[0, :, :, 0] < 100)).all()
    np.testing.assert_allclose(planes.sum(axis=1), 1, atol=1e-5)
    opened.close()


def test_all_engines_and_precisions_agree(bundle: Bundle) -> None:
    _library("openvino")
    batch = np.random.default_rng(1).integers(0, 256, (1, 32, 48, 3)).astype(np.uint8)
    answers = [
        load_engine(bundle, EngineRequest(engine, precision)).infer(batch)[0]
        for engine in ENGINES
        for precision in ("fp32", "int8")
    ]
    for answer in answers[1:]:
        np.testing.assert_allclose(answer, answers[0], atol=0.1)
    np.testing.assert_allclose(answers[2], answers[0], atol=1e-4)


@each_engine
def test_the_info_says_what_runs(loaded: Engine, engine: EngineName) -> None:
    info = loaded.info
    assert (info.engine, info.provider, info.precision) == (engine, "cpu", "int8")
    assert (info.threads, info.streams, info.is_fallback) == (2, 2, False)
    assert info.version[0].isdigit()


@each_engine
def test_answers_belong_to_the_caller(loaded: Engine, engine: EngineName) -> None:
    first = loaded.infer(part(defective=True))[0]
    kept = first.copy()
    for _ in range(4):
        loaded.infer(part(defective=False))
    np.testing.assert_array_equal(first, kept)
    first[:] = 0


@each_engine
def test_a_read_only_or_strided_batch_is_taken(loaded: Engine, engine: EngineName) -> None:
    batch = part(defective=True)
    expected = loaded.infer(batch)[0]
    strided = np.repeat(batch, 2, axis=2)[:, :, ::2]
    batch.flags.writeable = False
    for variant in (batch, strided):
        np.testing.assert_array_equal(loaded.infer(variant)[0], expected)


@each_engine
def test_many_threads_get_their_own_answers(loaded: Engine, engine: EngineName) -> None:
    expected = {bad: loaded.infer(part(defective=bad))[0] for bad in (False, True)}

    def right_answers(bad: bool) -> int:
        batch = part(defective=bad)
        return sum(np.array_equal(loaded.infer(batch)[0], expected[bad]) for _ in range(40))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(right_answers, [False, True] * 3)) == [40] * 6


@each_engine
@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 32, 48, 3), np.float32),
        np.zeros((1, 48, 32, 3), np.uint8),
        np.zeros((0, 0, 0, 3), np.uint8),
    ],
)
def test_a_wrong_batch_is_refused(loaded: Engine, engine: EngineName, batch: Any) -> None:
    with pytest.raises(EngineError, match=r"expected \(1, 32, 48, 3\) uint8"):
        loaded.infer(batch)


@each_engine
def test_a_closed_engine_refuses_and_lets_nobody_wait(loaded: Engine, engine: EngineName) -> None:
    loaded.close()
    loaded.close()
    for _ in range(5):
        with pytest.raises(EngineError, match="closed"):
            loaded.infer(part(defective=False))


@each_engine
def test_closing_while_others_infer_ends_them_with_an_answer_or_an_error(
    loaded: Engine, engine: EngineName
) -> None:
    running = threading.Barrier(5)

    def infer_until_refused() -> str:
        running.wait(30)
        try:
            while True:
                assert len(loaded.infer(part(defective=False))) == 1
        except EngineError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(infer_until_refused) for _ in range(4)]
        running.wait(30)
        for _ in range(20):
            loaded.infer(part(defective=False))
        loaded.close()
        assert all("closed" in end.result(30) for end in ends)
    for _ in range(5):
        with pytest.raises(EngineError, match="closed"):
            loaded.infer(part(defective=False))


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


def test_openvino_keeps_compiled_models_where_it_is_told(bundle: Bundle, tmp_path: Path) -> None:
    _library("openvino")
    request = EngineRequest("openvino", "int8", cache_dir=tmp_path / "cache")
    expected = load_engine(bundle, request).infer(part(defective=True))[0]
    assert list((tmp_path / "cache" / "openvino").iterdir())
    again = load_engine(bundle, request).infer(part(defective=True))[0]
    np.testing.assert_array_equal(again, expected)


def run_python(code: str, home: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_openvino_sends_nothing_and_writes_nothing_at_home(bundle: Bundle, tmp_path: Path) -> None:
    _library("openvino")
    home = tmp_path / "home"
    home.mkdir()
    code = f"""
import sys, threading
calls = []
sys.addaudithook(lambda event, args: calls.append(event) if event.startswith("socket.") else None)
from pathlib import Path
from edgevision.bundle.archive import open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
load_engine(open_bundle(Path({bundle.source!r})), EngineRequest("openvino", "int8"))
print(calls, threading.active_count())
"""
    assert run_python(code, home) == "[] 1\n"
    assert list(home.iterdir()) == []


def test_importing_the_engines_loads_no_engine(tmp_path: Path) -> None:
    code = """
import sys
import edgevision.engines.choose
print([name for name in ("onnxruntime", "openvino") if name in sys.modules])
"""
    assert run_python(code, tmp_path) == "[]\n"


def test_onnxruntime_writes_nothing_about_this_machine(tmp_path: Path) -> None:
    code = "from edgevision.engines.onnx import available_providers; print(available_providers())"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "ORT_DISABLE_TELEMETRY": "0"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | home, capture_output=True, text=True, check=True
    )

    assert "cpu" in said.stdout
    assert list(tmp_path.iterdir()) == []
