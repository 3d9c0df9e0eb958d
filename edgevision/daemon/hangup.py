"""SIGHUP as systemd means it: read the settings again, and say how that went.

Reading is the reload command's work, in a thread of its own; here it is asked for and its answer taken
back into the supervising thread, which alone may speak to the service manager.
"""

import logging
import queue
import threading
from collections.abc import Callable

from edgevision.daemon.commands import Answer, Reply
from edgevision.daemon.service import Service

__all__ = ["Hangup"]

_log = logging.getLogger(__name__)

_READ = frozenset({"done", "restart_needed"})
"""Answers to a file that is right."""


class Hangup:
    """Reloads each time that `asked` is set. For the supervising thread only."""

    def __init__(
        self, asked: threading.Event, reload: Callable[[str, Reply], None], service: Service
    ) -> None:
        """Compose; `reload` takes who asks, and where to reply from any thread."""
        self._asked = asked
        self._reload = reload
        self._service = service
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._is_under_way = False

    def look(self) -> None:
        """Begin when asked, one at a time; tell what became of it once that is known."""
        if not self._is_under_way and self._asked.is_set():
            self._asked.clear()
            self._is_under_way = True
            self._service.reloading()
            self._reload("SIGHUP", self._answers.put)
        if not self._answers.empty():
            self._is_under_way = False
            self._service.reloaded(_told(self._answers.get()))


def _told(answer: Answer) -> str:
    """Return one line for the status, and write what matters of it to the log."""
    text = str(answer["text"])
    if answer["code"] in _READ:
        return f"reloaded: {text}"
    _log.error("reload refused, the station goes on as it was: %s", text)
    return f"reload refused: {text.splitlines()[0]}"
