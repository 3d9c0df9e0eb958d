from collections.abc import Callable

import pytest

from edgevision.engines.measure import MAX_ROUNDS, MIN_ROUNDS, median_ms


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.order = ""

    def __call__(self) -> float:
        return self.now_s

    def taking(self, name: str, *durations_s: float) -> Callable[[], None]:
        def call() -> None:
            self.now_s += durations_s[self.order.count(name) % len(durations_s)]
            self.order += name

        return call


def test_the_median_of_each_call_is_in_milliseconds() -> None:
    clock = Clock()
    calls = [clock.taking("a", 0.010, 0.900, 0.010), clock.taking("b", 0.002)]
    assert median_ms(calls, 2.0, clock) == pytest.approx([10.0, 2.0])


def test_candidates_take_turns() -> None:
    clock = Clock()
    median_ms([clock.taking("a", 1.0), clock.taking("b", 1.0)], 0.0, clock)
    assert clock.order == "ab" * MIN_ROUNDS


def test_no_round_begins_after_the_budget() -> None:
    clock = Clock()
    median_ms([clock.taking("a", 0.1)], 0.95, clock)
    assert clock.order == "a" * 10


def test_fast_candidates_stop_at_the_largest_number_of_rounds() -> None:
    clock = Clock()
    median_ms([clock.taking("a", 1e-6)], 2.0, clock)
    assert clock.order == "a" * MAX_ROUNDS
