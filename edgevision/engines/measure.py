"""Times candidate engines against each other, in turns, so that a busy moment hits all of them alike."""

import statistics
import time
from collections.abc import Callable, Sequence

__all__ = ["MAX_ROUNDS", "MIN_ROUNDS", "median_ms"]

MIN_ROUNDS = 3
MAX_ROUNDS = 25


def median_ms(
    calls: Sequence[Callable[[], object]], budget_s: float, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Return the median duration of each call in milliseconds.

    Args:
        calls: What to time, already warm.
        budget_s: No new round begins after this time, once there were `MIN_ROUNDS`.
        clock: Seconds, monotonic.
    """
    deadline = clock() + budget_s
    rounds: list[list[float]] = []
    while len(rounds) < MIN_ROUNDS or (len(rounds) < MAX_ROUNDS and clock() < deadline):
        rounds.append([_seconds(call, clock) for call in calls])
    return [statistics.median(durations) * 1e3 for durations in zip(*rounds, strict=True)]


def _seconds(call: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    call()
    return clock() - began
