"""A live camera's frames: the newest, frozen ones, and calls that do not come back."""

import threading

import pytest

from edgevision.capture.fake import FakeSource
from edgevision.capture.live import LiveFeed
from edgevision.types import Frame
from tests.feeds import LONG_S, running, take_until
from tests.videos import numbered


def test_a_live_camera_keeps_the_newest_frame_and_counts_the_others() -> None:
    read = threading.Event()

    class Tells(FakeSource):
        def read(self) -> Frame | None:
            frame = super().read()
            if frame is not None and frame.frame_id == 6:
                read.set()
            return frame

    first, gate = threading.Event(), threading.Event()
    fake = Tells([numbered(0), first, *map(numbered, range(1, 7)), gate], is_live=True)
    taken = []
    with running(LiveFeed(fake, "cam1")) as feed:
        taken.append(take_until(feed, lambda frame: True).frame_id)
        first.set()
        assert read.wait(LONG_S)
        while taken[-1] != 6:
            taken.append(take_until(feed, lambda frame: True).frame_id)
        gate.set()

    assert taken in ([0, 6], [0, 5, 6])
    assert feed.counters.frames_read == 7
    assert feed.counters.frames_skipped == 7 - len(taken)


def test_frames_of_a_frozen_camera_come_flagged_until_it_moves() -> None:
    held = [threading.Event() for _ in range(3)]
    fake = FakeSource(
        [numbered(0), held[0], numbered(0), held[1], numbered(1), held[2]],
        is_live=True,
    )
    with running(LiveFeed(fake, "cam1", frozen_after_s=1e-9)) as feed:
        flags = []
        for frame_id, gate in enumerate(held):
            frame = take_until(feed, lambda frame: True)
            assert frame.frame_id == frame_id
            flags.append((frame.is_frozen, feed.counters.is_frozen))
            gate.set()

    assert flags == [(False, False), (True, True), (False, False)]


def test_the_check_for_a_frozen_picture_can_be_off() -> None:
    held = threading.Event()
    gate = threading.Event()
    fake = FakeSource([numbered(0), held, numbered(0), gate], is_live=True)
    with running(LiveFeed(fake, "cam1", frozen_after_s=None)) as feed:
        take_until(feed, lambda frame: frame.frame_id == 0)
        held.set()
        take_until(feed, lambda frame: frame.frame_id == 1)
        assert not feed.counters.is_frozen
        gate.set()


def test_a_thread_stuck_in_a_driver_is_given_up_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    stuck = threading.Event()
    feed = LiveFeed(FakeSource([stuck], is_live=True), "cam1", stop_timeout_s=0.05)
    feed.start()

    feed.stop()
    stuck.set()

    assert "fake:cam1 did not return from the driver" in caplog.text


def test_a_call_that_does_not_come_back_is_seen_from_outside_while_it_lasts() -> None:
    reading, stuck, end = threading.Event(), threading.Event(), threading.Event()

    class Driver(FakeSource):
        def read(self) -> Frame | None:
            if self.times_opened and self._frame_id:
                reading.set()
            return super().read()

    fake = Driver([numbered(0), stuck, numbered(1), end], is_live=True)
    with running(LiveFeed(fake, "cam1", read_limit_s=0.0)) as feed:
        take_until(feed, lambda frame: frame.frame_id == 0)
        assert reading.wait(LONG_S)
        stalled = feed.counters
        stuck.set()
        take_until(feed, lambda frame: frame.frame_id == 1)
        end.set()

    assert stalled.trouble == "camera_stalled"
    assert stalled.is_open
    assert not feed.counters.is_stalled
