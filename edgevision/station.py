"""The loop of one camera: feed → workers → inspections in order → sinks.

Several workers inspect at once, each taking the next frame when it is free; finished
inspections are committed in the order in which their frames were taken. It knows ports
only. What to do with a result is the sinks' business, what the result is the inspector's.
"""

import threading
import time
from collections.abc import Callable, Sequence

from edgevision.commits import OrderedCommits
from edgevision.health import FOR_EVER_S, Beat, unwatched
from edgevision.inspector import Inspector
from edgevision.ports import Feed, InspectionSink
from edgevision.types import Frame, Inspected, Inspection
from edgevision.workers import Workers

__all__ = ["Lane", "inspection_of"]

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
        jobs = {f"inspect-{feed.camera}-{number}": self._work for number in range(workers)}
        self._workers = Workers(feed.camera, jobs, self._order, beat)

    @property
    def feed(self) -> Feed:
        """Return the lane's source of frames."""
        return self._feed

    @property
    def is_running(self) -> bool:
        """Return whether a worker is still at it."""
        return self._workers.is_running

    @property
    def is_halted(self) -> bool:
        """Return whether it waits for `resume`."""
        return self._is_halted

    @property
    def failure(self) -> BaseException | None:
        """Return what ended the lane early, before `join` raises it."""
        return self._workers.failure

    def start(self) -> None:
        """Start capturing and inspecting."""
        self._feed.start()
        self._workers.start()

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

        Also after a start that failed half-way. It may be called again after a KeyboardInterrupt.
        """
        self._workers.join()
        self._feed.stop()
        if self.failure is not None:
            raise self.failure

    def _work(self) -> None:
        self._beat()
        while (taken := self._take()) is not None:
            ticket, frame = taken
            self._commits.finish(ticket, Inspected(frame, inspection_of(self._inspector(), frame)))

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
        return is_full or self._stopping.is_set() or self.failure is not None


def inspection_of(inspector: Inspector, frame: Frame) -> Inspection:
    """Return the inspection of a frame that has just been taken."""
    queue_ns = time.monotonic_ns() - frame.captured_ns if frame.captured_ns else 0
    return inspector.inspect(frame, queue_ns)
