"""The loop of one camera: feed → workers → inspections in order → sinks.

Several workers inspect at once, each taking the next frame when it is free; finished
inspections are committed in the order in which their frames were taken. It knows ports
only. What to do with a result is the sinks' business, what the result is the inspector's.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from edgevision.errors import EdgeVisionError
from edgevision.health import FOR_EVER_S, Beat, unwatched
from edgevision.inspector import Inspector
from edgevision.ports import Feed, InspectionSink
from edgevision.types import Frame, Inspected, Inspection, Reason

__all__ = ["Lane"]

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
        self._sinks = tuple(sinks)
        self._window = 2 * workers
        self._frames = frames
        self._beat = beat
        self._intake = threading.Lock()
        self._order = threading.Condition()
        self._done: dict[int, Inspected] = {}
        self._taken = 0
        self._committed = 0
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        name = f"inspect-{feed.camera}"
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{i}") for i in range(workers)]

    @property
    def feed(self) -> Feed:
        """Return the lane's source of frames."""
        return self._feed

    @property
    def is_running(self) -> bool:
        """Return whether a worker is still at it."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def failure(self) -> BaseException | None:
        """Return what ended the lane early, before `join` raises it."""
        return self._failure

    def start(self) -> None:
        """Start capturing and inspecting."""
        self._feed.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no further frame; frames already taken are finished and committed."""
        self._stopping.set()
        with self._order:
            self._order.notify_all()

    def join(self) -> None:
        """Wait until every taken frame is committed, close the source, raise what ended the lane.

        Also after a start that failed half-way.
        """
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._feed.stop()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        self._beat()
        try:
            while (taken := self._take()) is not None:
                ticket, frame = taken
                self._finish(ticket, Inspected(frame, self._inspect(frame)))
        except BaseException as error:  # noqa: BLE001 - raised again by join; a sink may exit, too
            self._fail(error)
        finally:
            self._beat(FOR_EVER_S)

    def _take(self) -> tuple[int, Frame] | None:
        """Return the next frame with its place in the order; None when there will be none."""
        self._beat(FOR_EVER_S)  # until its turn
        with self._intake:
            self._beat()
            with self._order:
                self._order.wait_for(lambda: self._taken - self._committed < self._window or self._is_over)
            while not self._is_over:
                frame = self._feed.take(_TAKE_TIMEOUT_S)
                self._beat()
                if frame is not None:
                    self._taken += 1
                    return self._taken - 1, frame
                if self._feed.ended:
                    self._stopping.set()
        return None

    @property
    def _is_over(self) -> bool:
        is_full = self._frames is not None and self._taken >= self._frames
        return is_full or self._stopping.is_set() or self._failure is not None

    def _inspect(self, frame: Frame) -> Inspection:
        inspector = self._inspector()
        if frame.is_frozen:
            reason = Reason("camera_frozen", f"{frame.camera} shows the same picture for too long")
            return inspector.undecided(frame, reason)
        queue_ns = time.monotonic_ns() - frame.captured_ns if frame.captured_ns else 0
        return inspector.inspect(frame, queue_ns)

    def _finish(self, ticket: int, inspected: Inspected) -> None:
        """Commit what is complete; while another worker commits, what follows is left to that one."""
        with self._order:
            self._done[ticket] = inspected
        while batch := self._next_batch():
            for sink in self._sinks:
                sink.commit(batch)
            with self._order:
                self._committed += len(batch)
                self._order.notify_all()

    def _next_batch(self) -> list[Inspected]:
        """Return what follows the last commit.

        Nothing while a commit is under way, or after one has failed: what is committed has no gap.
        """
        with self._order:
            batch: list[Inspected] = []
            while (ticket := self._committed + len(batch)) in self._done:
                batch.append(self._done.pop(ticket))
            return batch

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Exception) and not isinstance(error, EdgeVisionError | BrokenPipeError):
            _log.exception("the lane of %s ended by an unexpected error", self._feed.camera)
        with self._order:
            if self._failure is None:
                self._failure = error
            self._order.notify_all()
