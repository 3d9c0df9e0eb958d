"""The shipped models on a real card, beside the CPU; skipped where there is none.

The card must be NVIDIA's, and ONNX Runtime the build of `edgevision[gpu]`.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
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
from edgevision.ports import Engine

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


def asked(provider: ProviderName = "cuda", precision: Precision = "fp32", streams: int = 1) -> EngineRequest:
    return EngineRequest("onnxruntime", precision, provider, streams=streams, require=True)


@contextmanager
def loaded(
    bundle: Bundle, provider: ProviderName = "cuda", precision: Precision = "fp32", streams: int = 1
) -> Iterator[Engine]:
    with closing(load_engine(bundle, asked(provider, precision, streams))) as engine:
        yield engine


def test_the_card_gives_the_answers_of_the_cpu(bundle: Bundle) -> None:
    batch = golden_batch(bundle, bundle.manifest.golden[0])
    with loaded(bundle, "cpu") as cpu:
        expected = cpu.infer(batch)

    with loaded(bundle) as engine:
        assert (engine.info.provider, engine.info.precision) == ("cuda", "fp32")
        for answer, of_cpu in zip(engine.infer(batch), expected, strict=True):
            np.testing.assert_allclose(answer, of_cpu, rtol=1e-3, atol=1e-3 * np.abs(of_cpu).max())


def test_int8_reproduces_the_golden_samples(bundle: Bundle) -> None:
    with loaded(bundle, precision="int8") as engine:
        assert (engine.info.provider, engine.info.precision) == ("cuda", "int8")


def test_many_callers_get_their_own_answers(bundle: Bundle) -> None:
    batches = [golden_batch(bundle, sample) for sample in bundle.manifest.golden[:2]]
    with loaded(bundle, streams=3) as engine, ThreadPoolExecutor(6) as pool:
        expected = [engine.infer(batch)[0] for batch in batches]

        def right_answers(number: int) -> int:
            answers = (engine.infer(batches[number % len(batches)])[0] for _ in range(40))
            return sum(np.array_equal(answer, expected[number % len(batches)]) for answer in answers)

        assert list(pool.map(right_answers, range(6))) == [40] * 6


def test_a_model_is_loaded_while_another_one_runs(bundle: Bundle) -> None:
    batch, is_loading = golden_batch(bundle, bundle.manifest.golden[0]), Event()
    is_loading.set()
    with loaded(bundle, streams=2) as running, ThreadPoolExecutor(2) as pool:
        expected = running.infer(batch)[0]

        def answers() -> tuple[int, float]:
            """Return how many were wrong, and the longest time for one in seconds."""
            wrong, longest_s = 0, 0.0
            while is_loading.is_set():
                began_s = time.perf_counter()
                wrong += not np.array_equal(running.infer(batch)[0], expected)
                longest_s = max(longest_s, time.perf_counter() - began_s)
            return wrong, longest_s

        callers = [pool.submit(answers) for _ in range(2)]
        try:
            for _ in range(3):
                load_engine(bundle, asked(streams=2)).close()
        finally:
            is_loading.clear()
        assert [caller.result()[0] for caller in callers] == [0, 0]
        longest_ms = max(caller.result()[1] for caller in callers) * 1e3
        print(f"\n{bundle.manifest.name}: longest answer while others were loaded {longest_ms:.1f} ms")  # noqa: T201


def test_the_card_is_measured_beside_the_cpu(bundle: Bundle, tmp_path: Path) -> None:
    choice = choose_engine(bundle, EngineSettings(name="onnxruntime", cache_dir=tmp_path))

    times = {(m.provider, m.precision): m.median_ms for m in choice.measurements}
    assert set(times) == {(p, q) for p in ("cuda", "cpu") for q in ("fp32", "int8")}
    assert times["cuda", "fp32"]
