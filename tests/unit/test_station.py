import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, repeat

import numpy as np
import pytest

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.feed import RecordingFeed
from edgevision.capture.live import LiveFeed
from edgevision.errors import OutputError, TruncatedInput
from edgevision.inspector import Inspector
from edgevision.ports import Feed
from edgevision.station import Lane
from edgevision.tasks.fake import FakeTask
from edgevision.types import Defect, Frame, ImageBgr, Inspected, Judgement, RecipeRef
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


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_frame_is_committed_once_and_in_order_however_long_each_takes(workers: int) -> None:
    rng = random.Random(7)
    delays_s = [rng.random() * 0.01 for _ in range(60)]
    kept = Kept()
    slow = inspector(lambda frame: time.sleep(delays_s[frame.frame_id]))

    with running(Lane(recording([picture()] * 60), lambda: slow, [kept], workers=workers)):
        pass

    assert kept.frame_ids == list(range(60))
    assert [one.inspection.frame_id for one in kept.inspected] == list(range(60))
    assert all(one.inspection.verdict.judgement is Judgement.OK for one in kept.inspected)


def test_workers_run_ahead_of_a_slow_frame_but_not_without_bound() -> None:
    workers, kept = 3, Kept()
    window = 2 * workers
    full, overrun = threading.Event(), threading.Event()

    def look(frame: Frame) -> None:
        if frame.frame_id == 0:
            assert full.wait(LONG_S)
            overrun.wait(0.2)
        elif frame.frame_id == window - 1:
            full.set()
        elif frame.frame_id >= window and not kept.inspected:
            overrun.set()

    with running(Lane(recording([picture()] * 30), lambda: inspector(look), [kept], workers=workers)):
        pass

    assert full.is_set()
    assert not overrun.is_set()
    assert kept.frame_ids == list(range(30))


def test_a_slow_sink_does_not_keep_the_other_workers_from_inspecting() -> None:
    third = threading.Event()

    def look(frame: Frame) -> None:
        if frame.frame_id == 2:
            third.set()

    kept = Kept(before=lambda _: third.wait(LONG_S))

    with running(Lane(recording([picture()] * 3), lambda: inspector(look), [kept], workers=2)):
        assert third.wait(LONG_S)

    assert kept.frame_ids == [0, 1, 2]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failing_sink_ends_the_lane_with_its_error_and_nothing_is_committed_after_the_gap(
    workers: int,
) -> None:
    source = FakeSource(repeat(picture()))
    kept = Kept(before=fails)
    lane = Lane(RecordingFeed(source, "cam1"), inspector, [kept], workers=workers)

    with pytest.raises(OutputError, match="no space left"), running(lane):
        pass

    assert kept.frame_ids == [0, 1, 2, 3, 4]
    assert isinstance(lane.failure, OutputError)
    assert source.times_closed == 1


def test_a_sink_that_exits_ends_the_lane_too() -> None:
    def leave(_: Inspected) -> None:
        raise SystemExit(1)

    lane = Lane(recording(repeat(picture())), inspector, [Kept(before=leave)], workers=2)

    with pytest.raises(SystemExit), running(lane):
        pass


def test_an_unexpected_error_is_logged_with_the_camera_and_raised(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Inspector:
        raise RuntimeError("no inspector")

    with pytest.raises(RuntimeError), running(Lane(recording(repeat(picture())), broken, [], workers=2)):
        pass

    assert "the lane of cam1 ended by an unexpected error" in caplog.text


@pytest.mark.parametrize("workers", [1, 3])
def test_a_damaged_recording_is_reported_after_all_its_readable_frames_are_committed(workers: int) -> None:
    damage = TruncatedInput("belt.mp4: expected 30 frames, read 20")
    kept = Kept()
    lane = Lane(recording([*[picture()] * 20, damage]), inspector, [kept], workers=workers)

    with pytest.raises(TruncatedInput, match="read 20"), running(lane):
        pass

    assert kept.frame_ids == list(range(20))


@pytest.mark.parametrize("workers", [1, 4])
def test_the_number_of_frames_is_kept_exactly(workers: int) -> None:
    kept, overrun = Kept(), threading.Event()
    endless = recording(repeat(picture()))

    def look(frame: Frame) -> None:
        if frame.frame_id == 9:
            overrun.wait(0.2)
        elif frame.frame_id > 9:
            overrun.set()

    with running(Lane(endless, lambda: inspector(look), [kept], workers=workers, frames=10)):
        pass

    assert kept.frame_ids == list(range(10))
    assert not overrun.is_set()


def test_stopping_finishes_and_commits_the_frames_already_taken() -> None:
    begun, go_on, seen = threading.Semaphore(0), threading.Event(), list[int]()

    def look(frame: Frame) -> None:
        seen.append(frame.frame_id)
        begun.release()
        assert go_on.wait(LONG_S)

    kept, waiting = Kept(), inspector(look)
    lane = Lane(recording(repeat(picture())), lambda: waiting, [kept], workers=2)
    with running(lane):
        assert begun.acquire(timeout=LONG_S)
        assert begun.acquire(timeout=LONG_S)
        lane.stop()
        go_on.set()

    assert kept.frame_ids == [0, 1] == sorted(seen)


def test_frames_of_a_frozen_camera_are_not_decidable_until_the_picture_changes() -> None:
    second, third = threading.Event(), threading.Event()
    next_one = iter([second, third])
    script: list[Step] = [picture(), second, picture(), third, picture(9)]
    feed = LiveFeed(FakeSource(script, is_live=True), "cam1", frozen_after_s=1e-6)
    kept = Kept(before=lambda _: next(next_one, third).set())

    with running(Lane(feed, inspector, [kept], frames=3)):
        pass

    verdicts = [one.inspection.verdict for one in kept.inspected]
    assert [verdict.judgement for verdict in verdicts] == [Judgement.OK, Judgement.ND, Judgement.OK]
    assert [reason.code for reason in verdicts[1].reasons] == ["camera_frozen"]


def test_a_lane_whose_start_failed_can_be_joined() -> None:
    feed = recording([picture()])
    lane = Lane(feed, inspector, [Kept()])
    feed.start()
    with pytest.raises(RuntimeError):
        lane.start()

    lane.stop()
    lane.join()
    assert feed.ended or not feed.counters.is_open


def test_the_inspector_may_be_exchanged_between_two_frames() -> None:
    other = RecipeRef("other", "2.0", "cd" * 32)
    using = [inspector()]
    numbers = count(1)

    def exchange(_: Inspected) -> None:
        if next(numbers) == 5:
            using[0] = inspector(ref=other)

    kept = Kept(before=exchange)
    with running(Lane(recording([picture()] * 8), lambda: using[0], [kept])):
        pass

    assert [one.inspection.recipe.name for one in kept.inspected] == ["test"] * 5 + ["other"] * 3


def test_waiting_for_a_worker_is_measured_for_live_frames_and_is_nothing_for_recordings() -> None:
    live, recorded = Kept(), Kept()
    feed = LiveFeed(FakeSource([picture()], is_live=True), "cam1")
    with running(Lane(feed, inspector, [live], frames=1)):
        pass
    with running(Lane(recording([picture()]), inspector, [recorded])):
        pass

    assert live.inspected[0].inspection.times.queue_ns > 0
    assert recorded.inspected[0].inspection.times.queue_ns == 0


def test_a_halted_lane_takes_no_frame_until_it_goes_on() -> None:
    kept, lanes = Kept(), list[Lane]()

    def halt_after_the_third(one: Inspected) -> None:
        if one.seen.frame_id == 2:
            lanes[0].halt()

    kept.before = halt_after_the_third
    lane = Lane(recording([picture()] * 8), inspector, [kept])
    lanes.append(lane)
    with running(lane):
        while not lane.is_halted:
            time.sleep(0.001)
        lane._threads[0].join(0.2)
        assert kept.frame_ids == [0, 1, 2]
        assert lane.is_running
        lane.resume()

    assert kept.frame_ids == list(range(8))


def test_a_join_that_was_interrupted_still_waits_for_the_workers() -> None:
    began, finish, kept = threading.Event(), threading.Event(), Kept()

    def look(_: Frame) -> None:
        began.set()
        assert finish.wait(LONG_S)

    lane = Lane(recording([picture()]), lambda: inspector(look), [kept])
    lane.start()
    assert began.wait(LONG_S)
    threading.Timer(0.05, signal.pthread_kill, [threading.get_ident(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        lane.join()
    lane.stop()
    threading.Timer(0.05, finish.set).start()
    lane.join()

    assert kept.frame_ids == [0]
