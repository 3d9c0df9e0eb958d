"""The loop of one camera that inspects when it is told to: one verdict for each accepted trigger.

Who waits for whom: the capture thread shows every frame to `receive` and whoever has a trigger calls
`offer`; both only look for pairs under a lock and return at once. Workers inspect the pairs. One
thread watches the deadlines and answers ND, with the cause, whatever has no verdict by then, even
while the camera's driver or a model hangs; what a worker brings after that is dropped.
Verdicts are committed in the order of the triggers.
"""

import threading
import time
from collections.abc import Callable, Sequence

from edgevision.books import LATE, Books, TriggerCounts
from edgevision.commits import OrderedCommits
from edgevision.health import FOR_EVER_S, Beat, unwatched
from edgevision.inspector import Inspector
from edgevision.pairing import Order, Pairing
from edgevision.ports import Feed, InspectionSink
from edgevision.station import inspection_of
from edgevision.types import Frame, Inspected, Reason, Trigger
from edgevision.workers import Workers

__all__ = ["Receive", "TriggeredLane"]

_LOOK_EVERY_S = 0.2

Receive = Callable[[Frame], None]


class TriggeredLane:
    """One camera's way through a station that waits for triggers."""

    def __init__(
        self,
        feed: Callable[[Receive], Feed],
        inspector: Callable[[], Inspector],
        sinks: Sequence[InspectionSink],
        *,
        capture_delay_ns: int,
        reach_ns: Callable[[], int],
        max_pending: int,
        frames: int | None = None,
        on_change: Callable[[], None] = lambda: None,
        beat: Beat = unwatched,
    ) -> None:
        """Compose the lane; it ends after `frames` triggers when that is given.

        Args:
            feed: Makes a feed that shows each frame to the given function, in the capture thread.
            inspector: Asked again for each trigger, so it may be exchanged between two.
            sinks: Take the verdicts.
            capture_delay_ns: See `edgevision.trigger`.
            reach_ns: How far before themselves triggers may ask for frames.
            max_pending: So many accepted triggers may be without a verdict.
            frames: How many triggers to accept.
            on_change: Called after each trigger and each verdict, without any lock.
            beat: Called by both threads on each of their rounds.
        """
        self._feed = feed(self.receive)
        self._inspector = inspector
        self._reach_ns = reach_ns
        self._max_pending, self._frames = max_pending, frames
        self._on_change = on_change
        self._beat = beat
        self._changed = threading.Condition()
        self._commits = OrderedCommits(sinks, self._changed)
        self._pairing = Pairing(capture_delay_ns)
        self._books = Books()
        self._is_halted = self._is_stopping = False
        camera = self._feed.camera
        jobs = {f"inspect-{camera}": self._work, f"deadline-{camera}": self._watch}
        self._workers = Workers(camera, jobs, self._changed, beat)

    @property
    def feed(self) -> Feed:
        """Return the lane's source of frames."""
        return self._feed

    @property
    def is_running(self) -> bool:
        """Return whether triggers may still get their verdicts."""
        return self._workers.is_running

    @property
    def is_halted(self) -> bool:
        """Return whether it waits for `resume`."""
        return self._is_halted

    @property
    def failure(self) -> BaseException | None:
        """Return what ended the lane early, before `join` raises it."""
        return self._workers.failure

    @property
    def counts(self) -> TriggerCounts:
        """Return a consistent copy of the books."""
        with self._changed:
            return self._books.counts()

    def start(self) -> None:
        """Start capturing and inspecting."""
        self._feed.start()
        self._workers.start()

    def offer(self, trigger: Trigger) -> Reason | None:
        """Accept a trigger, which then gets exactly one verdict; or return why it is refused."""
        with self._changed:
            refusal = self._refusal()
            if refusal is None:
                self._pairing.add(self._books.accepted, trigger)
                self._books.accepted += 1
                self._changed.notify_all()
            else:
                self._books.refused += 1
        self._on_change()
        return refusal

    def receive(self, frame: Frame) -> None:
        """Take note of a frame; called from the capture thread, in the order of capture."""
        with self._changed:
            if self._pairing.see(frame, self._reach_ns()):
                self._changed.notify_all()

    def halt(self) -> None:
        """Refuse triggers until `resume`; the source stays open, accepted triggers are finished."""
        with self._changed:
            self._is_halted = True

    def resume(self) -> None:
        """Accept triggers again."""
        with self._changed:
            self._is_halted = False

    def stop(self) -> None:
        """Accept no further trigger; those without a frame are ND, the others are finished."""
        cause = Reason("stopping", "the station was stopped before there was a frame")
        with self._changed:
            self._is_stopping = True
            self._pairing.give_up(cause)
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until every accepted trigger has its verdict, close the source, raise what ended the lane.

        It may be called again after a KeyboardInterrupt.
        """
        self._workers.join()
        self._feed.stop()
        if self.failure is not None:
            raise self.failure

    def _refusal(self) -> Reason | None:
        if self.failure is not None or self._is_stopping or self._is_full:
            return Reason("stopping", "the station is stopping")
        if self._is_halted:
            return Reason("halted", "inspection is halted; send the command start first")
        if self._books.pending >= self._max_pending:
            return Reason("not_ready", f"{self._max_pending} triggers wait for their verdicts already")
        return None

    def _work(self) -> None:
        while (order := self._next_ready()) is not None:
            assert order.frame is not None
            self._settle(order, Inspected(order.frame, inspection_of(self._inspector(), order.frame)))

    def _next_ready(self) -> Order | None:
        with self._changed:
            order = None
            while order is None and not self._is_over:
                self._beat(FOR_EVER_S)  # until there is a trigger with its frame
                self._changed.wait_for(lambda: self._pairing.has_ready or self._is_over)
                order = self._pairing.next_ready()
        self._beat()
        return order

    def _watch(self) -> None:
        while not self._is_over:
            self._beat()
            for order in self._await_due():
                self._settle(order, self._undecided(order))
            self._feed.take(0.0)

    def _await_due(self) -> list[Order]:
        """Return the orders that can wait no longer, after waiting a while for some."""
        with self._changed:
            now_ns = time.monotonic_ns()
            if not (due := self._pairing.due(now_ns)):
                deadline_ns = self._pairing.next_deadline_ns
                wait_s = _LOOK_EVERY_S if deadline_ns is None else (deadline_ns - now_ns) / 1e9
                self._changed.wait(min(wait_s, _LOOK_EVERY_S))
                due = self._pairing.due(time.monotonic_ns())
            return due

    def _undecided(self, order: Order) -> Inspected:
        inspector = self._inspector()
        if order.frame is not None:
            late = Reason(LATE, "the inspection was not done by the deadline of the trigger")
            return Inspected(order.frame, inspector.undecided(order.frame, late))
        cause = order.cause or self._absence()
        return Inspected(None, inspector.unseen(self._feed.camera, order.trigger, cause))

    def _absence(self) -> Reason:
        counters = self._feed.counters
        if not counters.is_open and counters.last_error:
            return Reason("camera_lost", f"{self._feed.camera} is lost: {counters.last_error}")
        return Reason("no_frame", f"{self._feed.camera} gave no frame by the deadline of the trigger")

    def _settle(self, order: Order, inspected: Inspected) -> None:
        """Give an order its verdict, unless it has one."""
        with self._changed:
            if not self._pairing.settle(order):
                return
        batch = self._commits.finish(order.ticket, inspected)
        with self._changed:
            self._books.commit(batch)
            self._changed.notify_all()
        self._on_change()

    @property
    def _is_full(self) -> bool:
        return self._books.accepted == self._frames

    @property
    def _is_over(self) -> bool:
        is_ending = self._is_stopping or self._is_full
        return self.failure is not None or (is_ending and self._pairing.is_idle)
