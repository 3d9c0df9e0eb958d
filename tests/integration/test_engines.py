"""Real engines on a tiny real model."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineName, EngineRequest
from edgevision.errors import EngineError
from edgevision.ports import Engine
from tests.bundles import make_bundle
from tests.realengines import ENGINES, SIZE_WH, each_engine, needs_openvino, part


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip", size_wh=SIZE_WH))


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


@needs_openvino
def test_all_engines_and_precisions_agree(bundle: Bundle) -> None:
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
