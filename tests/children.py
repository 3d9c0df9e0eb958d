"""Work in a process of its own, for tests that send signals: not all that other tests load can bear them."""

import multiprocessing
from collections.abc import Callable

__all__ = ["in_own_process"]

_LONG_S = 120.0


def in_own_process(work: Callable[[], None]) -> None:
    """Run a function of a module in a new process; fails when it raises, crashes or hangs."""
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join(_LONG_S)
    try:
        assert process.exitcode == 0
    finally:
        process.kill()
