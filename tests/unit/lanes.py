"""Lanes for tests: feeds that follow a script, an inspector that finds nothing, a sink that keeps all."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.feed import RecordingFeed
from edgevision.errors import OutputError
from edgevision.inspector import Inspector
from edgevision.ports import Feed
from edgevision.station import Lane
from edgevision.tasks.fake import FakeTask
from edgevision.types import Defect, Frame, ImageBgr, Inspected, RecipeRef
from tests.unit.recipes import RECIPE_REF, make_recipe

LONG_S = 60.0


def picture(grey: int = 0) -> ImageBgr:
    return np.full((48, 64, 3), grey, np.uint8)


def recording(script: Sequence[Step] | Iterator[Step]) -> Feed:
    return RecordingFeed(FakeSource(script), "cam1")


def inspector(look: Callable[[Frame], object] = lambda _: None, ref: RecipeRef = RECIPE_REF) -> Inspector:
    """Return an inspector that finds nothing and calls `look` with every frame."""

    def find(frame: Frame) -> Sequence[Defect]:
        look(frame)
        return ()

    return Inspector(make_recipe(), ref, [FakeTask(find)], "run-1", is_simulated=True)


@dataclass
class Kept:
    """A sink that keeps what it gets; fails when two threads use it at once."""

    before: Callable[[Inspected], object] = lambda _: None
    inspected: list[Inspected] = field(default_factory=list)
    busy: threading.Lock = field(default_factory=threading.Lock)

    def commit(self, batch: Sequence[Inspected]) -> None:
        assert self.busy.acquire(blocking=False), "two threads commit at once"
        try:
            for one in batch:
                self.before(one)
                self.inspected.append(one)
        finally:
            self.busy.release()

    @property
    def frame_ids(self) -> list[int]:
        return [one.seen.frame_id for one in self.inspected]


def join(lane: Lane) -> None:
    """Join, but fail instead of waiting for ever."""
    deadline = time.monotonic() + LONG_S
    while lane.is_running:
        if time.monotonic() > deadline:
            lane.stop()
            pytest.fail("the lane hangs")
        time.sleep(0.005)
    lane.join()


@contextmanager
def running(lane: Lane) -> Iterator[Lane]:
    lane.start()
    yield lane
    join(lane)


def fails(one: Inspected) -> None:
    if one.seen.frame_id == 5:
        raise OutputError("out.jsonl: cannot be written: no space left")
