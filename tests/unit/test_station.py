import random
import threading
import time
from itertools import count

import pytest

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.live import LiveFeed
from edgevision.station import Lane
from edgevision.types import Frame, Inspected, Judgement, RecipeRef
from tests.unit.lanes import LONG_S, Kept, inspector, picture, recording, running


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
        time.sleep(0.2)
        assert kept.frame_ids == [0, 1, 2]
        assert lane.is_running
        lane.resume()

    assert kept.frame_ids == list(range(8))
