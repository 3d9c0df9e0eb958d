"""SIGTERM, SIGINT and SIGHUP as events, or as an end at once; what a watchdog's SIGABRT leaves in the log."""

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ending_at_once", "reload_on_hangup", "show_threads_on_abort", "stop_on_signals"]

_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})
_HELD_BACK = _ENDING | {signal.SIGHUP}
_LOOK_EVERY_S = 0.1


@contextmanager
def ending_at_once() -> Iterator[None]:
    """End the process with 0 at SIGTERM or SIGINT, while it has nothing to bring to an end; SIGHUP waits.

    For the main thread. A handler would have to wait until the engine that is loaded comes back to Python.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    over = threading.Event()
    watch = threading.Thread(target=_end_on_signal, args=(over,), name="signals", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_BACK)


def _end_on_signal(over: threading.Event) -> None:
    while not over.is_set():
        if signal.sigtimedwait(_ENDING, _LOOK_EVERY_S) is not None:
            os._exit(0)


def stop_on_signals() -> threading.Event:
    """Return an event that the first signal sets; a second SIGINT ends the process at once."""
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        stop.set()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def reload_on_hangup() -> threading.Event:
    """Return an event that SIGHUP sets."""
    asked = threading.Event()
    signal.signal(signal.SIGHUP, lambda *_: asked.set())
    return asked


def show_threads_on_abort() -> None:
    """Write where each thread stands to standard error when a watchdog ends the process by SIGABRT."""
    faulthandler.enable()
