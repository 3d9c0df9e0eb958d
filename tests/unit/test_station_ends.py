"""How a lane ends: by itself, when it is told to, or by a failure."""

import signal
import threading
from itertools import repeat

import pytest

from edgevision.capture.fake import FakeSource
from edgevision.capture.feed import RecordingFeed
from edgevision.errors import OutputError, TruncatedInput
from edgevision.inspector import Inspector
from edgevision.station import Lane
from edgevision.types import Frame, Inspected
from tests.children import in_own_process
from tests.unit.lanes import LONG_S, Kept, fails, inspector, picture, recording, running


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


def test_a_lane_whose_start_failed_can_be_joined() -> None:
    feed = recording([picture()])
    lane = Lane(feed, inspector, [Kept()])
    feed.start()
    with pytest.raises(RuntimeError):
        lane.start()

    lane.stop()
    lane.join()
    assert feed.ended or not feed.counters.is_open


def test_a_join_that_was_interrupted_still_waits_for_the_workers() -> None:
    in_own_process(_interrupt_a_join)


def _interrupt_a_join() -> None:
    began, finish, kept = threading.Event(), threading.Event(), Kept()

    def look(_: Frame) -> None:
        began.set()
        assert finish.wait(LONG_S)

    lane = Lane(recording([picture()]), lambda: inspector(look), [kept])
    lane.start()
    assert began.wait(LONG_S)
    interrupt = threading.Timer(0.05, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - one that is early must be caught, too
        interrupt.start()
        lane.join()
    lane.stop()
    threading.Timer(0.05, finish.set).start()
    lane.join()

    assert kept.frame_ids == [0]
