"""The shipped models on a real card, beside the CPU; skipped where there is none.

The card must be NVIDIA's, and ONNX Runtime the build of `edgevision[gpu]`.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import onnxruntime
import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.golden import golden_batch
from edgevision.bundle.manifest import Precision
from edgevision.bundle.resolve import builtin_names, find_bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import choose_engine
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest, ProviderName

pytestmark = [
    pytest.mark.skipif(not Path("/dev/nvidiactl").exists(), reason="this machine has no NVIDIA card"),
    pytest.mark.skipif(
        "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
        reason="edgevision[gpu] is not installed",
    ),
]


@pytest.fixture(params=builtin_names())
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return open_bundle(find_bundle(f"builtin:{request.param}", Path()))


def asked(precision: Precision, provider: ProviderName = "cuda", streams: int = 1) -> EngineRequest:
    return EngineRequest("onnxruntime", precision, provider, streams=streams, require=True)


def test_the_card_gives_the_answers_of_the_cpu(bundle: Bundle) -> None:
    batch = golden_batch(bundle, bundle.manifest.golden[0])
    expected = load_engine(bundle, asked("fp32", "cpu")).infer(batch)

    engine = load_engine(bundle, asked("fp32"))

    assert (engine.info.provider, engine.info.precision) == ("cuda", "fp32")
    for answer, of_cpu in zip(engine.infer(batch), expected, strict=True):
        np.testing.assert_allclose(answer, of_cpu, rtol=1e-3, atol=1e-3 * np.abs(of_cpu).max())
    engine.close()


def test_int8_reproduces_the_golden_samples(bundle: Bundle) -> None:
    engine = load_engine(bundle, asked("int8"))

    assert (engine.info.provider, engine.info.precision) == ("cuda", "int8")
    engine.close()


def test_many_callers_get_their_own_answers(bundle: Bundle) -> None:
    batches = [golden_batch(bundle, sample) for sample in bundle.manifest.golden[:2]]
    engine = load_engine(bundle, asked("fp32", streams=3))
    expected = [engine.infer(batch)[0] for batch in batches]

    def right_answers(number: int) -> int:
        answers = (engine.infer(batches[number % len(batches)])[0] for _ in range(40))
        return sum(np.array_equal(answer, expected[number % len(batches)]) for answer in answers)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(right_answers, range(6))) == [40] * 6
    engine.close()


def test_a_model_is_loaded_while_another_one_runs(bundle: Bundle) -> None:
    batch = golden_batch(bundle, bundle.manifest.golden[0])
    running = load_engine(bundle, asked("fp32", streams=2))
    expected, is_loading = running.infer(batch)[0], Event()
    is_loading.set()

    def wrong_answers() -> int:
        count = 0
        while is_loading.is_set():
            count += not np.array_equal(running.infer(batch)[0], expected)
        return count

    with ThreadPoolExecutor(2) as pool:
        wrong = [pool.submit(wrong_answers) for _ in range(2)]
        try:
            for _ in range(3):
                load_engine(bundle, asked("fp32", streams=2)).close()
        finally:
            is_loading.clear()
        assert [count.result() for count in wrong] == [0, 0]


def test_the_card_is_measured_beside_the_cpu(bundle: Bundle, tmp_path: Path) -> None:
    choice = choose_engine(bundle, EngineSettings(name="onnxruntime", cache_dir=tmp_path))

    times = {(m.provider, m.precision): m.median_ms for m in choice.measurements}
    assert set(times) == {(p, q) for p in ("cuda", "cpu") for q in ("fp32", "int8")}
    assert times["cuda", "fp32"]
