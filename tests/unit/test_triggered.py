import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from edgevision.capture.fake import FakeSource
from edgevision.capture.live import LiveFeed
from edgevision.capture.slot import FrameTap
from edgevision.errors import CameraRefusedSetting, CaptureError, OutputError
from edgevision.inspector import Inspector
from edgevision.ports import Feed
from edgevision.tasks.fake import FakeTask
from edgevision.triggered import Receive, TriggeredLane
from edgevision.types import Defect, Frame, Inspected, Judgement, Trigger
from tests.children import in_own_process
from tests.unit.recipes import RECIPE_REF, make_recipe

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

    def find(frame: Frame) -> Sequence[Defect]:
        look(frame)
        return ()

    inspector = Inspector(make_recipe(), RECIPE_REF, [FakeTask(find)], "run-1", is_simulated=True)
    settings: dict[str, Any] = {"capture_delay_ns": 0, "reach_ns": lambda: 0, "max_pending": 8}
    return TriggeredLane(feed, lambda: inspector, sinks, **settings | changes)


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


def test_a_trigger_is_judged_by_a_frame_from_after_it_and_names_it() -> None:
    kept = Kept()
    with Running(kept) as lane:
        show(lane, 0)
        assert lane.offer(trigger()) is None
        show(lane, 1)
        show(lane, 2)
        kept.await_verdicts()

    [one] = kept.inspected
    assert one.seen.frame_id == 1
    record = one.inspection
    assert (record.trigger_id, record.part_id, record.result_id) == ("t1", "SN1", "result-t1")
    assert lane.counts.ok == lane.counts.triggers == 1


def test_a_lost_camera_is_the_cause_of_nd_at_the_deadline() -> None:
    kept = Kept()
    lane = lane_of(FakeSource([], is_live=True, opens=[CaptureError("unplugged")]), kept)
    lane.start()
    while not lane.feed.counters.last_error:
        time.sleep(0.001)
    assert lane.offer(trigger(within_ns=SOON_NS)) is None
    kept.await_verdicts()
    lane.stop()
    lane.join()

    assert kept.reasons == [["camera_lost"]]
    assert "unplugged" in kept.inspected[0].inspection.verdict.reasons[0].text


def test_an_inspection_that_hangs_is_answered_at_the_deadline_and_its_verdict_dropped() -> None:
    kept, go_on = Kept(), threading.Event()
    with Running(kept, look=lambda _: go_on.wait(LONG_S)) as lane:
        late = trigger("t1", within_ns=SOON_NS)
        show(lane, 7)  # before the offer, so that however slow this test is, the trigger has its frame
        lane.offer(late)
        kept.await_verdicts()
        go_on.set()
        lane.offer(trigger("t2"))
        show(lane, 8)
        kept.await_verdicts()

    assert kept.reasons == [["deadline"], []]
    assert kept.inspected[0].seen.frame_id == 7
    counts = lane.counts
    assert (counts.triggers, counts.ok, counts.nd, counts.triggers_late) == (2, 1, 1, 1)


def test_too_many_triggers_a_halted_and_a_stopping_lane_are_refused_and_counted() -> None:
    kept, refusals = Kept(), list[str]()
    with Running(kept, max_pending=1) as lane:
        lane.offer(trigger("t1"))
        lane.halt()
        for step in (lane.resume, lane.stop, lane.stop):
            refusal = lane.offer(trigger())
            refusals.append(refusal.code if refusal else "")
            step()
    refusal = lane.offer(trigger())
    refusals.append(refusal.code if refusal else "")

    assert refusals == ["halted", "not_ready", "stopping", "stopping"]
    assert kept.reasons == [["stopping"]]
    assert (lane.counts.triggers, lane.counts.triggers_refused, lane.counts.pending) == (1, 4, 0)


def test_verdicts_are_committed_in_the_order_of_the_triggers() -> None:
    kept = Kept()
    with Running(kept) as lane:
        for number in range(5):
            lane.offer(trigger(f"t{number}"))
        show(lane)
        kept.await_verdicts(5)

    assert [one.inspection.trigger_id for one in kept.inspected] == [f"t{n}" for n in range(5)]
    assert {one.seen.frame_id for one in kept.inspected} == {0}


def test_a_frozen_camera_makes_its_parts_undecidable() -> None:
    kept = Kept()
    with Running(kept) as lane:
        lane.offer(trigger())
        image = np.zeros((4, 4, 3), np.uint8)
        lane.receive(Frame(image, "cam1", 0, time.monotonic_ns(), 0, is_frozen=True))
        kept.await_verdicts()

    assert kept.reasons == [["camera_frozen"]]
    assert kept.inspected[0].inspection.verdict.judgement is Judgement.ND


def test_a_lane_of_so_many_frames_ends_by_itself() -> None:
    kept = Kept()
    running = Running(kept, frames=2)
    with running as lane:
        for name in ("t1", "t2"):
            assert lane.offer(trigger(name)) is None
        assert lane.offer(trigger("t3")) is not None
        show(lane)
        kept.await_verdicts(2)
        await_end(lane)


def test_a_failing_sink_ends_the_lane_and_is_raised() -> None:
    def fails(_: Inspected) -> None:
        raise OutputError("no space left")

    hung = threading.Event()
    lane = lane_of(quiet(hung), Kept(before=fails))
    lane.start()
    lane.offer(trigger())
    show(lane)
    await_end(lane)
    hung.set()

    with pytest.raises(OutputError, match="no space left"):
        lane.join()


def test_a_camera_that_refuses_a_required_setting_ends_the_lane() -> None:
    lane = lane_of(FakeSource([], is_live=True, opens=[CameraRefusedSetting("fps")]))
    lane.start()
    await_end(lane)

    with pytest.raises(CameraRefusedSetting):
        lane.join()


def test_a_join_that_was_interrupted_still_waits_for_the_verdict() -> None:
    in_own_process(_interrupt_a_join)


def _interrupt_a_join() -> None:
    began, finish, kept = threading.Event(), threading.Event(), Kept()

    def look(_: Frame) -> None:
        began.set()
        assert finish.wait(LONG_S)

    hung = threading.Event()
    lane = lane_of(quiet(hung), kept, look=look)
    lane.start()
    lane.offer(trigger())
    show(lane)
    assert began.wait(LONG_S)
    interrupt = threading.Timer(0.05, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - one that is early must be caught, too
        interrupt.start()
        lane.join()
    assert lane.is_running
    lane.stop()
    threading.Timer(0.05, finish.set).start()
    hung.set()
    lane.join()

    assert kept.reasons == [[]]


def test_whoever_asks_is_told_of_every_change() -> None:
    kept, pending = Kept(), list[int]()
    lane_now: list[TriggeredLane] = []
    with Running(kept, on_change=lambda: pending.append(lane_now[0].counts.pending)) as lane:
        lane_now.append(lane)
        lane.offer(trigger())
        show(lane)
        kept.await_verdicts()

    assert pending == [1, 0]
