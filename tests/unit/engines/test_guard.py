"""What a guarded engine does when engines fail; with real ones: tests/faults/test_engine.py."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.engines.fake import FakeEngine
from edgevision.engines.guard import GuardedEngine
from edgevision.errors import EngineError, GoldenMismatch
from edgevision.ports import EngineInfo, Tensor

LONG_S = 30.0
BATCH = np.zeros((1, 4, 4, 3), np.uint8)
ANSWER = np.ones((1, 2, 4, 4), np.float32)


class Breakable(FakeEngine):
    """Fails every call once `is_broken`."""

    def __init__(self, name: str = "first") -> None:
        super().__init__(lambda _: ANSWER)
        self._name = name
        self.is_broken = False

    @property
    def info(self) -> EngineInfo:
        return replace(super().info, engine=self._name)

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        if self.is_broken:
            raise EngineError(f"{self._name} lost its device")
        return super().infer(batch_nhwc)


class Bench:
    """Loads breakable engines and keeps them; `refused` names those that do not load."""

    def __init__(self, *names: str, **settings: float) -> None:
        self.engines: list[Breakable] = []
        self.refused: set[str] = set()
        self.now_s = 0.0
        self.refusals = threading.Semaphore(0)
        loads = [self._load(name) for name in names]
        self.guard = GuardedEngine(loads[0](), loads, clock=lambda: self.now_s, **settings)

    def _load(self, name: str) -> Callable[[], Breakable]:
        def load() -> Breakable:
            if name in self.refused:
                self.refusals.release()
                raise GoldenMismatch(f"{name} does not reproduce")
            self.engines.append(Breakable(name))
            return self.engines[-1]

        return load

    def break_it(self) -> None:
        """Break the engine in use; returns when the guard has noticed."""
        self.engines[-1].is_broken = True
        with pytest.raises(EngineError, match="lost its device"):
            self.guard.infer(BATCH)

    def wait_until_repaired(self) -> None:
        assert self.guard._repair is not None
        self.guard._repair.join(LONG_S)
        assert self.guard.infer(BATCH)[0] is ANSWER


def test_an_engine_that_fails_is_loaded_again_and_the_old_one_freed() -> None:
    bench = Bench("first", "second")
    bench.break_it()
    bench.wait_until_repaired()
    health = bench.guard.health

    assert [engine.info.engine for engine in bench.engines] == ["first", "first"]
    assert (health.state, health.cause) == ("restarted", "first lost its device")
    bench.engines[0].is_broken = False
    with pytest.raises(EngineError, match="closed"):
        bench.engines[0].infer(BATCH)


def test_one_that_fails_again_is_replaced_by_the_other_which_is_named() -> None:
    bench = Bench("first", "second")
    for _ in range(2):
        bench.break_it()
        bench.wait_until_repaired()

    assert bench.guard.info.engine == "second"
    assert bench.guard.health.state == "replaced"


def test_one_that_ran_long_since_its_restart_is_restarted_again() -> None:
    bench = Bench("first", "second", steady_s=600.0)
    bench.break_it()
    bench.wait_until_repaired()
    bench.now_s += 600.0
    assert bench.guard.health.state == "running"
    bench.break_it()
    bench.wait_until_repaired()

    assert bench.guard.info.engine == "first"
    assert [engine.info.engine for engine in bench.engines] == ["first"] * 3


def test_an_engine_whose_golden_samples_do_not_reproduce_is_passed_over() -> None:
    bench = Bench("first", "second")
    bench.refused = {"first"}
    bench.break_it()
    bench.wait_until_repaired()

    assert bench.guard.info.engine == "second"


def test_while_nothing_runs_every_call_fails_at_once_with_the_cause_and_trying_goes_on() -> None:
    bench = Bench("first", retry_s=0.001)
    bench.refused = {"first"}
    bench.break_it()
    for _ in range(2):
        assert bench.refusals.acquire(timeout=LONG_S)
    assert bench.guard.health.state == "failed"
    with pytest.raises(EngineError, match="no engine runs this model at the moment: first does not"):
        bench.guard.infer(BATCH)
    bench.refused = set()
    bench.wait_until_repaired()


def test_a_retired_one_that_runs_goes_on_and_is_not_repaired() -> None:
    bench = Bench("first")
    bench.guard.retire()
    assert bench.guard.infer(BATCH)[0] is ANSWER
    bench.break_it()

    assert bench.guard._repair is None


def test_a_retired_one_that_is_being_repaired_is_left_alone() -> None:
    bench = Bench("first", retry_s=LONG_S)
    bench.refused = {"first"}
    bench.break_it()
    assert bench.refusals.acquire(timeout=LONG_S)
    bench.guard.retire()

    assert bench.guard._repair is not None
    bench.guard._repair.join(LONG_S / 2)
    assert not bench.guard._repair.is_alive()


def test_many_threads_that_meet_one_failure_cause_one_repair() -> None:
    bench = Bench("first", "second")
    barrier = threading.Barrier(4)
    bench.engines[-1].is_broken = True

    def call(_: int) -> bool:
        barrier.wait(LONG_S)
        try:
            bench.guard.infer(BATCH)
        except EngineError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(call, range(4)))
    bench.wait_until_repaired()

    assert len(bench.engines) == 2


def test_an_unexpected_error_while_loading_does_not_end_the_repair() -> None:
    bench = Bench("first", "second")
    tries = count()

    def load() -> Breakable:
        if next(tries) == 0:
            raise MemoryError("for a moment")
        return Breakable("first")

    bench.guard._loads = (load,)
    bench.guard._retry_s = 0.001
    bench.break_it()
    bench.wait_until_repaired()

    assert next(tries) == 2, "one that failed and one that did not"


def test_an_answer_that_is_no_number_is_left_to_the_task() -> None:
    engine = FakeEngine(lambda _: np.full((1, 2, 4, 4), np.nan, np.float32))
    guard = GuardedEngine(engine, [lambda: engine])

    assert np.isnan(guard.infer(BATCH)[0]).all()
    assert guard.health.state == "running"


def test_closing_ends_a_repair_and_frees_what_it_had_loaded() -> None:
    loading, go_on = threading.Event(), threading.Event()
    bench = Bench("first")
    late = Breakable("first")

    def load() -> Breakable:
        loading.set()
        assert go_on.wait(LONG_S)
        return late

    bench.guard._loads = (load,)
    bench.break_it()
    assert loading.wait(LONG_S)
    closing = threading.Thread(target=bench.guard.close)
    closing.start()
    assert bench.guard._closing.wait(LONG_S)
    go_on.set()
    closing.join(LONG_S)

    with pytest.raises(EngineError, match="closed"):
        late.infer(BATCH)
