"""Each test has a process of its own, because signals concern all of a process."""

import signal
import subprocess
import sys

import pytest

_WAITS = """
import os, signal, sys
from edgevision.host.signals import stop_on_signals
signal.signal(signal.SIGINT, signal.default_int_handler)
stop = stop_on_signals()
assert not stop.is_set()
for name in sys.argv[1:]:
    os.kill(os.getpid(), getattr(signal, name))
assert stop.wait(10)
print("asked to stop")
"""


def _ended_by(*names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _WAITS, *names], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_asks_to_stop(name: str) -> None:
    ended = _ended_by(name)

    assert (ended.returncode, ended.stdout) == (0, "asked to stop\n")


def test_sigterm_may_come_again() -> None:
    assert _ended_by("SIGTERM", "SIGTERM", "SIGINT").returncode == 0


def test_a_second_ctrl_c_ends_at_once() -> None:
    ended = _ended_by("SIGINT", "SIGINT")

    assert ended.returncode != 0
    assert "KeyboardInterrupt" in ended.stderr


def test_sighup_asks_to_reload_each_time_and_ends_nothing() -> None:
    code = """
import os, signal
from edgevision.host.signals import reload_on_hangup
asked = reload_on_hangup()
assert not asked.is_set()
for _ in range(2):
    os.kill(os.getpid(), signal.SIGHUP)
    assert asked.wait(10)
    asked.clear()
print("asked twice")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (0, "asked twice\n")


def test_an_abort_shows_where_each_thread_stands() -> None:
    code = """
import os, threading
from edgevision.host.signals import show_threads_on_abort
show_threads_on_abort()
started = threading.Event()
def hang_in_the_driver():
    started.set()
    threading.Event().wait()
threading.Thread(target=hang_in_the_driver, daemon=True).start()
started.wait(10)
os.abort()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ended.returncode == -signal.SIGABRT
    assert "hang_in_the_driver" in ended.stderr
