"""The loop of one camera: feed → workers → inspections in order → sinks.

Several workers inspect at once, each taking the next frame when it is free; finished
inspections are committed in the order in which their frames were taken. It knows ports
only. What to do with a result is the sinks' business, what the result is the inspector's.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from edgevision.commits import OrderedCommits
from edgevision.errors import EdgeVisionError
from edgevision.health import FOR_EVER_S, Beat, unwatched
from edgevision.inspector import Inspector
from edgevision.ports import Feed, InspectionSink
from edgevision.types import Frame, Inspected, Inspection

__all__ = ["Lane", "inspection_of"]

_log = logging.getLogger(__name__)

_TAKE_TIMEOUT_S = 0.2


class Lane:
    """One camera's way through the station.

    A failing sink or source ends the lane; `join` then raises what happened. At most
    `2 * workers` inspections wait for an earlier one, so memory stays bounded.
    """

    def __init__(
        self,
        feed: Feed,
        inspector: Callable[[], Inspector],
        sinks: Sequence[InspectionSink],
        *,
        workers: int = 1,
        frames: int | None = None,
        beat: Beat = unwatched,
    ) -> None:
        """Compose the lane; it ends after `frames` frames when that is given.

        `inspector` is asked again for each frame, so it may be exchanged between two frames.
        """
        self._feed = feed
        self._inspector = inspector
        self._window = 2 * workers
        self._frames = frames
        self._beat = beat
        self._intake = threading.Lock()
        self._order = threading.Condition()
        self._commits = OrderedCommits(sinks, self._order)
        self._taken = 0
        self._is_halted = False
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._ended = [threading.Event() for _ in range(workers)]
        self._threads = [
            threading.Thread(target=self._work, args=(ended,), name=f"inspect-{feed.camera}-{i}")
            for i, ended in enumerate(self._ended)
        ]

    @property
    def feed(self) -> Feed:
        """Return the lane's source of frames."""
        return self._feed

    @property
    def is_running(self) -> bool:
        """Return whether a worker is still at it."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def is_halted(self) -> bool:
        """Return whether it waits for `resume`."""
        return self._is_halted

    @property
    def failure(self) -> BaseException | None:
        """Return what ended the lane early, before `join` raises it."""
        return self._failure

    def start(self) -> None:
        """Start capturing and inspecting."""
        self._feed.start()
        for thread in self._threads:
            thread.start()

    def halt(self) -> None:
        """Take no further frame until `resume`, but one that is being waited for; the source stays open."""
        with self._order:
            self._is_halted = True

    def resume(self) -> None:
        """Take frames again."""
        with self._order:
            self._is_halted = False
            self._order.notify_all()

    def stop(self) -> None:
        """Take no further frame; frames already taken are finished and committed."""
        self._stopping.set()
        with self._order:
            self._order.notify_all()

    def join(self) -> None:
        """Wait until every taken frame is committed, close the source, raise what ended the lane.

        Also after a start that failed half-way. It may be called again after a KeyboardInterrupt:
        an interrupted `Thread.join` of Python 3.11 and 3.12 takes its thread for ended, an event does not.
        """
        for thread, ended in zip(self._threads, self._ended, strict=True):
            if thread.ident is not None:
                ended.wait()
                thread.join()
        self._feed.stop()
        if self._failure is not None:
            raise self._failure

    def _work(self, ended: threading.Event) -> None:
        self._beat()
        try:
            while (taken := self._take()) is not None:
                ticket, frame = taken
                self._commits.finish(ticket, Inspected(frame, inspection_of(self._inspector(), frame)))
        except BaseException as error:  # noqa: BLE001 - raised again by join; a sink may exit, too
            self._fail(error)
        finally:
            self._beat(FOR_EVER_S)
            ended.set()

    def _take(self) -> tuple[int, Frame] | None:
        """Return the next frame with its place in the order; None when there will be none."""
        self._beat(FOR_EVER_S)  # until its turn
        with self._intake:
            self._beat()
            with self._order:
                self._order.wait_for(lambda: self._may_take or self._is_over)
            while not self._is_over:
                if self._is_halted:
                    self._await_resume()
                    continue
                frame = self._feed.take(_TAKE_TIMEOUT_S)
                self._beat()
                if frame is not None:
                    self._taken += 1
                    return self._taken - 1, frame
                if self._feed.ended:
                    self._stopping.set()
        return None

    @property
    def _may_take(self) -> bool:
        return self._taken - self._commits.committed < self._window

    def _await_resume(self) -> None:
        self._beat(FOR_EVER_S)
        with self._order:
            self._order.wait_for(lambda: not self._is_halted or self._is_over)
        self._beat()

    @property
    def _is_over(self) -> bool:
        is_full = self._frames is not None and self._taken >= self._frames
        return is_full or self._stopping.is_set() or self._failure is not None

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Exception) and not isinstance(error, EdgeVisionError | BrokenPipeError):
            _log.exception("the lane of %s ended by an unexpected error", self._feed.camera)
        with self._order:
            if self._failure is None:
                self._failure = error
            self._order.notify_all()


def inspection_of(inspector: Inspector, frame: Frame) -> Inspection:
    """Return the inspection of a frame that has just been taken."""
    queue_ns = time.monotonic_ns() - frame.captured_ns if frame.captured_ns else 0
    return inspector.inspect(frame, queue_ns)
