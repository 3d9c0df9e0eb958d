"""The threads of one camera's lane: started together, watched, joined, and what ended them early.

What they do is the lane's business. That each has ended is said by an event of its own: an interrupted
`Thread.join` of Python 3.11 and 3.12 takes its thread for ended, waiting for an event does not.
"""

import logging
import threading
from collections.abc import Callable, Mapping

from edgevision.errors import EdgeVisionError
from edgevision.health import FOR_EVER_S, Beat

__all__ = ["Workers"]

_log = logging.getLogger(__name__)


class Workers:
    """Runs each job in a thread of its own, once."""

    def __init__(
        self, camera: str, jobs: Mapping[str, Callable[[], None]], changed: threading.Condition, beat: Beat
    ) -> None:
        """Compose; nothing runs before `start`.

        Args:
            camera: Whose lane it is.
            jobs: The name of each thread, and what it does; to be ended by whoever has them run.
            changed: Notified when a job has failed.
            beat: Told at the end of each thread that it will be silent.
        """
        self._camera = camera
        self._changed = changed
        self._beat = beat
        self._ended = {
            threading.Thread(target=self._run, args=(job,), name=name): threading.Event()
            for name, job in jobs.items()
        }
        self.failure: BaseException | None = None
        """What ended the first job that failed."""

    @property
    def is_running(self) -> bool:
        """Return whether a thread is still at it."""
        return any(thread.ident is not None and not ended.is_set() for thread, ended in self._ended.items())

    def start(self) -> None:
        """Start all threads."""
        for thread in self._ended:
            thread.start()

    def join(self) -> None:
        """Wait until every thread has ended that was started; it may be called again when interrupted."""
        for thread, ended in self._ended.items():
            if thread.ident is not None:
                ended.wait()
                thread.join()

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again by the lane; a sink may exit, too
            self._fail(error)
        finally:
            self._beat(FOR_EVER_S)
            self._ended[threading.current_thread()].set()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Exception) and not isinstance(error, EdgeVisionError | BrokenPipeError):
            _log.exception("the lane of %s ended by an unexpected error", self._camera)
        with self._changed:
            self.failure = self.failure or error
            self._changed.notify_all()
