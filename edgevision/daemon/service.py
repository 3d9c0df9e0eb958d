"""What systemd is told of the station: READY with the first frame, WATCHDOG while all threads move.

A green light is a claim: it is given only after every thread has gone round since the last one.
Losing a camera or the broker is no reason to withhold it, a restart would not bring them back;
a thread that hangs is.
"""

import logging
import time
from collections.abc import Callable, Sequence

from edgevision.daemon.watch import Condition
from edgevision.health import Beats
from edgevision.messages import MachineState
from edgevision.ports import ServiceManager

__all__ = ["Service", "summary"]

_log = logging.getLogger(__name__)

_STATUS_EVERY_S = 5.0
_EXTEND_S = 60.0


class Service:
    """The station as systemd sees it. For the supervising thread only."""

    def __init__(
        self, manager: ServiceManager, beats: Beats, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Say nothing yet; `now_s` is a monotonic clock."""
        self._manager = manager
        self._beats = beats
        self._now_s = now_s
        self._is_ready = False
        self._is_complaining = False
        self._due_s = 0.0
        self._status = ""
        self._status_due_s = 0.0
        self._note = ""

    def starting(self, status: str) -> None:
        """Say what the start is waiting for, and that this may take another while."""
        self._manager.tell(f"STATUS={status}", f"EXTEND_TIMEOUT_USEC={round(_EXTEND_S * 1e6)}")

    def look(self, *, has_first_frame: bool, status: str) -> None:
        """Say READY when it is time, WATCHDOG when everyone has moved, and the status when it changed."""
        if has_first_frame and not self._is_ready:
            self._is_ready = True
            self._manager.tell("READY=1")
        self._tell_status(status)
        if self._now_s() < self._due_s:
            return
        if silent := self._beats.silent():
            self._complain(silent)
            return
        self._is_complaining = False
        self._beats.renew()
        self._due_s = self._now_s() + self._every_s
        self._manager.tell(
            "WATCHDOG=1" if self._is_ready else f"EXTEND_TIMEOUT_USEC={round(_EXTEND_S * 1e6)}"
        )

    def reloading(self) -> None:
        """Say that the settings are being read again."""
        if self._is_ready:
            self._manager.tell("RELOADING=1")

    def reloaded(self, note: str) -> None:
        """Say how that went; the note stays part of the status."""
        self._note = note
        self._status_due_s = 0.0
        if self._is_ready:
            self._manager.tell("READY=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._manager.tell("STOPPING=1", "STATUS=stopping")

    @property
    def _every_s(self) -> float:
        return (self._manager.watchdog_s or _EXTEND_S) / 2

    def _tell_status(self, status: str) -> None:
        status = "; ".join(part for part in (status, self._note) if part)
        if status != self._status and self._now_s() >= self._status_due_s:
            self._status, self._status_due_s = status, self._now_s() + _STATUS_EVERY_S
            self._manager.tell(f"STATUS={status}")

    def _complain(self, silent: list[str]) -> None:
        if not self._is_complaining:
            self._is_complaining = True
            _log.error("no sign of life from %s; the watchdog is not fed", ", ".join(silent))


def summary(state: MachineState, inspected: int, conditions: Sequence[Condition], outbox: int = 0) -> str:
    """Return the status as one line for people: state, count, what waits, what is wrong."""
    waiting = f", {outbox} wait for the broker" if outbox else ""
    wrong = "".join(f"; {condition.text}" for condition in conditions)
    return f"{state.value}: {inspected} inspected{waiting}{wrong}"
