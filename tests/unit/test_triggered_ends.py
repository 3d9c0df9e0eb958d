"""How a triggered lane ends: by itself, by a failure, or when it is told to."""

import signal
import threading

import pytest

from edgevision.capture.fake import FakeSource
from edgevision.errors import CameraRefusedSetting, OutputError
from edgevision.types import Frame, Inspected
from tests.children import in_own_process
from tests.unit.triggering import LONG_S, Kept, Running, await_end, lane_of, quiet, show, trigger


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
