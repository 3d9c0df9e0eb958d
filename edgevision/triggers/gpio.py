"""Edges of a GPIO line as triggers, through the kernel's character device and gpiod 2.x.

The kernel stamps each edge on the monotonic clock when it happens, so that it does not matter when
this process gets to read it. gpiod is the extra `gpio`.
"""

import importlib
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

from edgevision.config.orders import GpioSettings
from edgevision.errors import CaptureError, ConfigError
from edgevision.ports import EdgeLine

__all__ = ["GpioInput", "GpiodLine"]

_log = logging.getLogger(__name__)

_WAIT_S = 0.2
_RETRY_S = 5.0


class GpiodLine:
    """The `EdgeLine` port on gpiod."""

    def __init__(self, settings: GpioSettings, gpiod: ModuleType | None = None) -> None:
        """Request the line.

        Raises:
            ConfigError: gpiod is missing or too old, or the line is not there or in use.
        """
        self.name = f"{settings.chip} line {settings.line}"
        self._request: Any = _request(settings, gpiod or _gpiod(), self.name)

    def wait(self, timeout_s: float) -> Sequence[int]:
        """Return the times of the edges since the last call."""
        try:
            if not self._request.wait_edge_events(timeout_s):
                return ()
            return [event.timestamp_ns for event in self._request.read_edge_events()]
        except OSError as error:
            raise CaptureError(
                f"{self.name}: cannot be read: {error}; check the chip and its driver"
            ) from error

    def close(self) -> None:
        """Release the line."""
        if self._request is not None:
            self._request.release()
            self._request = None


class GpioInput:
    """Fires for each edge of a line, from a thread of its own."""

    def __init__(self, line: EdgeLine, fire: Callable[[int], None]) -> None:
        """Take over `line`; `fire` takes the time of the edge on the monotonic clock, in nanoseconds."""
        self._line = line
        self._fire = fire
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"gpio-{line.name}", daemon=True)

    def start(self) -> None:
        """Begin to watch the line."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer and release the line."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._line.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                edges = self._line.wait(_WAIT_S)
            except CaptureError as error:
                _log.error("no trigger from GPIO: %s", error)
                self._stopping.wait(_RETRY_S)
                continue
            for edge_ns in edges:
                self._fire(edge_ns)


def _gpiod() -> ModuleType:
    try:
        gpiod = importlib.import_module("gpiod")
    except ImportError as error:
        raise ConfigError(
            f"triggers.gpio needs gpiod ({error}); pip install 'edgevision[gpio]', or remove triggers.gpio"
        ) from error
    if not hasattr(gpiod, "request_lines"):
        raise ConfigError(
            "triggers.gpio: expected gpiod 2.0 or newer, got an older one; pip install 'edgevision[gpio]'"
        )
    return gpiod


def _request(settings: GpioSettings, gpiod: ModuleType, name: str) -> Any:
    line = gpiod.line
    wanted = gpiod.LineSettings(
        direction=line.Direction.INPUT,
        edge_detection=line.Edge.RISING if settings.edge == "rising" else line.Edge.FALLING,
        debounce_period=timedelta(milliseconds=settings.debounce_ms),
        event_clock=line.Clock.MONOTONIC,
    )
    try:
        return gpiod.request_lines(str(settings.chip), {settings.line: wanted}, consumer="edgevision")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"triggers.gpio: {name}: cannot be watched: {error}; check chip and line with gpioinfo, "
            "and that this user may open the chip"
        ) from error
