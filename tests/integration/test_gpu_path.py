"""The code for GPUs, with real models and a card that is only imagined: none is needed for these."""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import cast

import numpy as np
import pytest
from onnx import TensorProto, helper

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.binding import BoundCall
from edgevision.engines.choose import candidates
from edgevision.engines.load import load_engine
from edgevision.engines.sessions import open_session
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EngineError
from tests.bundles import make_bundle
from tests.gpuruntime import CUDA, TENSORRT, DeviceValue, Imagine, gpu_request
from tests.realengines import SIZE_WH, part


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip", size_wh=SIZE_WH))


@pytest.mark.parametrize("takes_graphs", [True, False])
def test_a_gpu_gives_the_answers_of_the_cpu_with_and_without_a_graph(
    bundle: Bundle, imagine: Imagine, *, takes_graphs: bool
) -> None:
    expected = {
        bad: load_engine(bundle, EngineRequest("onnxruntime", "fp32")).infer(part(defective=bad))[0]
        for bad in (False, True)
    }
    gpu = imagine(takes_graphs=takes_graphs)

    engine = load_engine(bundle, gpu_request())

    for bad in (False, True, False):
        np.testing.assert_array_equal(engine.infer(part(defective=bad))[0], expected[bad])
    assert [session.has_graph for session in gpu.sessions] == [takes_graphs]
    assert (engine.info.provider, engine.info.is_fallback) == ("cuda", False)


def test_what_is_missing_of_cuda_is_logged_and_not_printed(
    bundle: Bundle, imagine: Imagine, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    imagine()

    with caplog.at_level(logging.INFO):
        load_engine(bundle, gpu_request())

    assert "CUDA's libraries: Failed to load libcurand.so.10" in caplog.text
    assert capsys.readouterr().out == ""


def test_nothing_is_allocated_on_the_card_for_a_call_and_answers_stay(
    bundle: Bundle, imagine: Imagine
) -> None:
    imagine()
    engine = load_engine(bundle, gpu_request())
    made, first = DeviceValue.made, engine.infer(part(defective=True))[0]
    kept = first.copy()

    strided = np.repeat(part(defective=False), 2, axis=2)[:, :, ::2]
    strided.flags.writeable = False
    engine.infer(strided)

    np.testing.assert_array_equal(first, kept)
    assert DeviceValue.made == made


def test_each_stream_has_a_graph_of_its_own(bundle: Bundle, imagine: Imagine) -> None:
    gpu = imagine()
    engine = load_engine(bundle, gpu_request(streams=3))
    expected = {bad: engine.infer(part(defective=bad))[0] for bad in (False, True)}

    def right_answers(bad: bool) -> int:
        batch = part(defective=bad)
        return sum(np.array_equal(engine.infer(batch)[0], expected[bad]) for _ in range(40))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(right_answers, [False, True] * 3)) == [40] * 6
    assert [session.has_graph for session in gpu.sessions] == 3 * [True]
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.infer(part(defective=False))


def test_a_model_is_loaded_while_another_one_runs(bundle: Bundle, imagine: Imagine) -> None:
    imagine()
    running, batch = load_engine(bundle, gpu_request(streams=2)), part(defective=True)
    is_loading = Event()
    is_loading.set()

    def calls() -> int:
        count = 0
        while is_loading.is_set():
            running.infer(batch)
            count += 1
        return count

    with ThreadPoolExecutor(2) as pool:
        counts = [pool.submit(calls) for _ in range(2)]
        try:
            for _ in range(20):
                load_engine(bundle, gpu_request(streams=2)).close()
        finally:
            is_loading.clear()
        assert min(count.result() for count in counts) > 0


def places_model() -> bytes:
    """Give the places of all values above 0: as many as there are."""
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, 4])
    places = helper.make_tensor_value_info("places", TensorProto.FLOAT, [2, "n"])
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("NonZero", ["floats"], ["indices"]),
        helper.make_node("Cast", ["indices"], ["places"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(nodes, "places", [image], [places])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data: bytes = model.SerializeToString()
    return data


def test_a_card_holds_few_copies_of_a_model_however_many_call(bundle: Bundle, imagine: Imagine) -> None:
    gpu = imagine()

    engine = load_engine(bundle, gpu_request(streams=17))

    assert len(gpu.sessions) == engine.info.streams == 4


def test_answers_of_open_size_come_without_a_graph(imagine: Imagine) -> None:
    gpu = imagine()
    runtime = cast("ModuleType", gpu)

    bind = partial(BoundCall, runtime, (1, 4), ["places"])
    with pytest.raises(EngineError, match="its answers differ in size from call to call"):
        bind(open_session(runtime, places_model(), gpu_request(), has_graph=True), has_graph=True)

    call = bind(open_session(runtime, places_model(), gpu_request(), has_graph=False), has_graph=False)

    answers = [call.infer(np.array([row], np.uint8))[0] for row in ([0, 9, 0, 9], [7, 0, 0, 0])]
    assert [answer[1].tolist() for answer in answers] == [[1, 3], [0]]


def test_tensorrt_keeps_what_it_builds_for_this_model_and_version(
    bundle: Bundle, imagine: Imagine, tmp_path: Path
) -> None:
    gpu = imagine()
    engine = load_engine(bundle, gpu_request("tensorrt", cache_dir=tmp_path / "cache", half=True))

    options = gpu.sessions[0].providers[TENSORRT]
    folder = Path(options["trt_engine_cache_path"])
    assert folder.is_dir()
    assert folder.parent == tmp_path / "cache" / "tensorrt"
    assert folder.name.startswith("9.9.9-")
    assert folder.name.endswith("-fp16")
    assert options["trt_fp16_enable"] == "1"
    assert CUDA in gpu.sessions[0].providers
    assert (engine.info.provider, engine.info.precision) == ("tensorrt", "fp16")


def test_tensorrt_runs_where_nothing_can_be_kept(
    bundle: Bundle, imagine: Imagine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gpu = imagine()
    (tmp_path / "file").write_text("")

    load_engine(bundle, gpu_request("tensorrt", cache_dir=tmp_path / "file"))

    assert "trt_engine_cache_enable" not in gpu.sessions[0].providers[TENSORRT]
    assert "TensorRT builds at each start" in caplog.text


def test_only_gpus_compute_in_half_and_only_tensorrt_must_keep_its_models(
    bundle: Bundle, imagine: Imagine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path))
    imagine()
    chosen = EngineSettings(name="onnxruntime", precision="fp32", half=True)
    unasked = {r.provider: r for r in candidates(bundle, chosen)}
    asked = candidates(bundle, chosen.model_copy(update={"provider": "tensorrt"}))

    assert {name: (r.half, r.cache_dir) for name, r in unasked.items()} == {
        "cuda": (True, None),
        "cpu": (False, None),
    }
    assert [(r.half, r.cache_dir) for r in asked] == [(True, tmp_path)]
