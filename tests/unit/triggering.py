"""Triggered lanes for tests, which show them the frames: with triggers, and a sink that can be waited for."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgevision.capture.fake import FakeSource
from edgevision.capture.live import LiveFeed
from edgevision.capture.slot import FrameTap
from edgevision.ports import Feed
from edgevision.triggered import Receive, TriggeredLane
from edgevision.types import Frame, Inspected, Trigger
from tests.unit.lanes import inspector

__all__ = [
    "LATER_NS",
    "LONG_S",
    "SOON_NS",
    "Kept",
    "Running",
    "await_end",
    "lane_of",
    "quiet",
    "show",
    "trigger",
]

LONG_S = 60.0
SOON_NS = 50_000_000
LATER_NS = 60_000_000_000


@dataclass
class Kept:
    """A sink that keeps what it gets and can be waited for."""

    before: Callable[[Inspected], object] = lambda _: None
    inspected: list[Inspected] = field(default_factory=list)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def commit(self, batch: Sequence[Inspected]) -> None:
        for one in batch:
            self.before(one)
            self.inspected.append(one)
            self.came.release()

    def await_verdicts(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.came.acquire(timeout=LONG_S), "no verdict"

    @property
    def reasons(self) -> list[list[str]]:
        return [[reason.code for reason in one.inspection.verdict.reasons] for one in self.inspected]


def lane_of(
    source: FakeSource, *sinks: Kept, look: Callable[[Frame], object] = lambda _: None, **changes: Any
) -> TriggeredLane:
    def feed(show: Receive) -> Feed:
        return LiveFeed(source, "cam1", frozen_after_s=None, handover=FrameTap(show), reopen_min_s=30)

    inspects = inspector(look)
    settings: dict[str, Any] = {"capture_delay_ns": 0, "reach_ns": lambda: 0, "max_pending": 8}
    return TriggeredLane(feed, lambda: inspects, sinks, **settings | changes)


def quiet(hung: threading.Event) -> FakeSource:
    """A camera that gives nothing until the event."""
    return FakeSource([hung], is_live=True)


def trigger(name: str = "t1", within_ns: int = LATER_NS) -> Trigger:
    now_ns = time.monotonic_ns()
    return Trigger(name, f"result-{name}", now_ns, time.time_ns(), now_ns + within_ns, part_id="SN1")


def show(lane: TriggeredLane, frame_id: int = 0) -> None:
    image = np.full((4, 4, 3), frame_id % 256, np.uint8)
    lane.receive(Frame(image, "cam1", frame_id, time.monotonic_ns(), time.time_ns()))


def await_end(lane: TriggeredLane) -> None:
    deadline_s = time.monotonic() + LONG_S
    while lane.is_running and time.monotonic() < deadline_s:
        time.sleep(0.001)
    assert not lane.is_running


class Running:
    """Runs a lane whose camera hangs; frames are shown by the test."""

    def __init__(self, *sinks: Kept, **changes: Any) -> None:
        self._hung = threading.Event()
        self.lane = lane_of(quiet(self._hung), *sinks, **changes)

    def __enter__(self) -> TriggeredLane:
        self.lane.start()
        return self.lane

    def __exit__(self, *_: object) -> None:
        self._hung.set()
        self.lane.stop()
        self.lane.join()
