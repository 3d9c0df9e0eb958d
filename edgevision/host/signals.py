"""SIGTERM, SIGINT and SIGHUP as events; what a watchdog's SIGABRT leaves in the log."""

import faulthandler
import signal
import threading

__all__ = ["reload_on_hangup", "show_threads_on_abort", "stop_on_signals"]


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
