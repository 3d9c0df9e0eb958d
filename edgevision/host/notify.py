"""sd_notify(3) in the standard library: what systemd is told of this process. Nothing without it."""

import logging
import os
import socket
from collections.abc import Mapping

__all__ = ["Systemd"]

_log = logging.getLogger(__name__)


class Systemd:
    """The service manager that started this process, if there is one."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Find the socket, a path or `@abstract`, and the watchdog."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog_s = _watchdog_s(environment)

    @property
    def watchdog_s(self) -> float | None:
        """WatchdogSec= of the unit; None when this process is not watched."""
        return self._watchdog_s

    def tell(self, *assignments: str) -> None:
        """Send assignments as one datagram; a socket that is gone is logged and no error."""
        if not self._address:
            return
        message = "\n".join(assignment.replace("\n", " ") for assignment in assignments)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.settimeout(1.0)
                out.sendto(message.encode(), self._address)
        except OSError as error:
            _log.warning("systemd cannot be told %s: %s", assignments[0], error)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Return WATCHDOG_USEC in seconds if it is meant for this process and not for one that started it."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or environment.get("WATCHDOG_PID") not in (None, str(os.getpid())):
        return None
    return int(microseconds) / 1e6 or None
