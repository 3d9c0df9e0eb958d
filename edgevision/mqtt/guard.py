"""Keeps the faults of callbacks from ending the network thread: each is logged."""

import logging
from collections.abc import Callable

__all__ = ["guarded"]

_log = logging.getLogger(__name__)


def guarded(callback: Callable[..., None], *args: object) -> None:
    """Call it on behalf of the network thread; never raises an Exception."""
    try:
        callback(*args)
    except Exception:  # noqa: BLE001 - a fault of a caller must not end the network thread
        _log.exception("a callback of the MQTT client failed")
