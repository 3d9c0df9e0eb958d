"""The code for GPUs when the card fails, with real models and a card that is only imagined."""

from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.engines.load import load_engine
from edgevision.errors import EngineError
from tests.bundles import make_bundle
from tests.gpuruntime import CARD, DeviceValue, Imagine, gpu_request
from tests.realengines import SIZE_WH, part


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip", size_wh=SIZE_WH))


def test_a_failing_card_is_an_engine_error(
    bundle: Bundle, imagine: Imagine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = imagine()
    engine = load_engine(bundle, gpu_request())

    def fail(*_: object) -> None:
        raise RuntimeError(
            "Error in execution: std::conditional_t<THRW, void> onnxruntime::CudaCall(ERRTYPE) "
            "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; file=conv.cc ; line=48"
        )

    monkeypatch.setattr(gpu.sessions[0], "run_with_iobinding", fail)

    with pytest.raises(
        EngineError, match=r"inference failed: CUDA failure 700: an illegal memory access was encountered$"
    ):
        engine.infer(part(defective=False))


def test_a_card_without_room_for_the_streams_is_an_engine_error(
    bundle: Bundle, imagine: Imagine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = imagine()
    make = DeviceValue.ortvalue_from_numpy

    def make_for_every_other_session(content: NDArray[Any], device: str, number: int) -> DeviceValue:
        if len(gpu.sessions) % 2 == 0:
            raise RuntimeError("CUDA failure 2: out of memory ; GPU=0")
        return make(content, device, number)

    monkeypatch.setattr(DeviceValue, "ortvalue_from_numpy", make_for_every_other_session)

    with pytest.raises(EngineError, match=r"failure 2: out of memory; 1 of 3 calls at a time have room"):
        load_engine(bundle, gpu_request(streams=3))


def test_a_card_that_captures_nothing_runs_without_a_graph(
    bundle: Bundle, imagine: Imagine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = imagine()

    def refuse() -> None:
        raise RuntimeError("CUDA failure 900: operation not permitted when stream is capturing")

    monkeypatch.setattr(CARD, "refuse", refuse)

    engine = load_engine(bundle, gpu_request())

    assert [session.has_graph for session in gpu.sessions] == [True, False]
    assert engine.infer(part(defective=True))[0].any()
