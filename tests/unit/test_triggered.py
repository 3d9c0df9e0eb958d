"""What a triggered lane answers to its triggers."""

import threading
import time

import numpy as np

from edgevision.capture.fake import FakeSource
from edgevision.errors import CaptureError
from edgevision.triggered import TriggeredLane
from edgevision.types import Frame, Judgement
from tests.unit.triggering import LONG_S, SOON_NS, Kept, Running, lane_of, show, trigger


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


def test_whoever_asks_is_told_of_every_change() -> None:
    kept, pending = Kept(), list[int]()
    lane_now: list[TriggeredLane] = []
    with Running(kept, on_change=lambda: pending.append(lane_now[0].counts.pending)) as lane:
        lane_now.append(lane)
        lane.offer(trigger())
        show(lane)
        kept.await_verdicts()

    assert pending == [1, 0]
