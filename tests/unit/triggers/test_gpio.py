import sys
import threading
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from edgevision.config.orders import GpioSettings
from edgevision.errors import CaptureError, ConfigError
from edgevision.triggers.fake import FakeLine
from edgevision.triggers.gpio import GpiodLine, GpioInput
from edgevision.triggers.interval import IntervalInput

LONG_S = 30.0
SETTINGS = GpioSettings.model_validate({"chip": "/dev/gpiochip9", "line": 17, "edge": "falling"})


class Request:
    """What `gpiod.request_lines` gives, with two edges, and then a chip that is pulled out."""

    def __init__(self) -> None:
        self.edges = [SimpleNamespace(timestamp_ns=5), SimpleNamespace(timestamp_ns=9)]
        self.released = 0

    def wait_edge_events(self, _timeout_s: float) -> bool:
        return bool(self.edges)

    def read_edge_events(self) -> list[SimpleNamespace]:
        edges, self.edges = self.edges, []
        return edges

    def release(self) -> None:
        self.released += 1


def fake_gpiod(request: Request | OSError, asked: list[Any]) -> ModuleType:
    gpiod = pytest.importorskip("gpiod")

    def request_lines(path: str, config: dict[int, Any], consumer: str) -> Request:
        asked.append((path, config, consumer))
        if isinstance(request, OSError):
            raise request
        return request

    module = ModuleType("gpiod")
    vars(module).update(line=gpiod.line, LineSettings=gpiod.LineSettings, request_lines=request_lines)
    return module


def test_edges_come_with_the_times_at_which_the_kernel_saw_them() -> None:
    gpiod, request, asked = pytest.importorskip("gpiod"), Request(), list[Any]()
    line = GpiodLine(SETTINGS, fake_gpiod(request, asked))

    assert list(line.wait(0.1)) == [5, 9]
    assert list(line.wait(0.1)) == []
    line.close()
    line.close()
    assert request.released == 1
    [(path, config, consumer)] = asked
    assert (path, consumer) == ("/dev/gpiochip9", "edgevision")
    assert config[17].edge_detection is gpiod.line.Edge.FALLING
    assert config[17].event_clock is gpiod.line.Clock.MONOTONIC


def test_a_line_that_cannot_be_had_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ConfigError, match="/dev/gpiochip9 line 17"):
        GpiodLine(SETTINGS, fake_gpiod(OSError("busy"), []))
    pytest.importorskip("gpiod")
    with pytest.raises(ConfigError, match="/dev/gpiochip9 line 17"):
        GpiodLine(SETTINGS)


@pytest.mark.parametrize("installed", [None, ModuleType("gpiod")], ids=["missing", "too old"])
def test_a_gpiod_that_does_not_serve_is_refused(
    monkeypatch: pytest.MonkeyPatch, installed: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", installed)
    with pytest.raises(ConfigError, match=r"pip install 'edgevision\[gpio\]'"):
        GpiodLine(SETTINGS)


def test_a_line_that_fails_while_running_says_so() -> None:
    request = Request()
    line = GpiodLine(SETTINGS, fake_gpiod(request, []))

    def broken(_timeout_s: float) -> bool:
        raise OSError("no such device")

    request.wait_edge_events = broken  # type: ignore[method-assign]
    with pytest.raises(CaptureError, match="cannot be read"):
        line.wait(0.1)


def test_each_edge_fires_a_trigger_at_its_time() -> None:
    line, fired, came = FakeLine(), list[int](), threading.Semaphore(0)

    def fire(at_ns: int) -> None:
        fired.append(at_ns)
        came.release()

    watched = GpioInput(line, fire)
    watched.start()
    edges = [line.pulse(), line.pulse(7)]
    for _ in edges:
        assert came.acquire(timeout=LONG_S)
    watched.stop()

    assert fired == edges
    assert line.closed.is_set()


def test_a_line_that_breaks_down_is_told_and_watched_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edgevision.triggers.gpio._RETRY_S", 0.0)
    line, fired, came = FakeLine(), list[int](), threading.Event()

    def fire(at_ns: int) -> None:
        fired.append(at_ns)
        came.set()

    watched = GpioInput(line, fire)
    watched.start()
    line.break_down()
    edge_ns = line.pulse()
    assert came.wait(LONG_S)
    watched.stop()

    assert fired == [edge_ns]
    assert "no trigger from GPIO: fake:0: cannot be read" in caplog.text


def test_the_clock_fires_on_time_and_leaves_out_what_it_slept_through() -> None:
    fired, came = list[int](), threading.Semaphore(0)

    def fire(at_ns: int) -> None:
        fired.append(at_ns)
        if len(fired) == 1:
            time.sleep(0.05)
        came.release()

    clock = IntervalInput(0.01, fire)
    clock.start()
    for _ in range(4):
        assert came.acquire(timeout=LONG_S)
    clock.stop()

    assert fired == sorted(fired)
    assert fired[1] - fired[0] >= 50_000_000
