"""Keeps the faults of callbacks from ending the network thread: each is logged and counted."""

import logging
from collections.abc import Callable

__all__ = ["Guard"]

_log = logging.getLogger(__name__)


class Guard:
    """Calls callbacks on behalf of the network thread."""

    def __init__(self) -> None:
        """Begin without faults."""
        self.faults = 0
        """How many exceptions came out of callbacks."""

    def __call__(self, callback: Callable[..., None], *args: object) -> None:
        """Call it; never raises an Exception."""
        try:
            callback(*args)
        except Exception:  # noqa: BLE001 - a fault of a caller must not end the network thread
            self.faults += 1
            _log.exception("a callback of the MQTT client failed")
