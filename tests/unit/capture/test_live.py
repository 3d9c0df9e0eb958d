import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.live import LiveFeed
from edgevision.errors import CameraRefusedSetting, CaptureError, DamagedFrame
from edgevision.ports import Feed
from edgevision.types import Frame
from tests.videos import numbered

LONG_S = 30.0


@contextmanager
def running(feed: Feed) -> Iterator[Feed]:
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()


def take_until(feed: Feed, wanted: Callable[[Frame], bool]) -> Frame:
    while True:
        frame = feed.take(LONG_S)
        assert frame is not None
        if wanted(frame):
            return frame


def live(script: list[Step], **source: object) -> tuple[LiveFeed, FakeSource, threading.Event]:
    """Return a live feed whose script ends at a gate, which must be set before it is stopped."""
    gate = threading.Event()
    fake = FakeSource([*script, gate], is_live=True, **source)  # type: ignore[arg-type]
    return LiveFeed(fake, "cam1", reopen_min_s=0.001, reopen_max_s=0.002, rng=random.Random(1)), fake, gate


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


def test_every_failed_read_closes_counts_and_reopens() -> None:
    feed, fake, gate = live(
        [numbered(0), None, numbered(1), CaptureError("cable pulled"), numbered(2)],
    )
    with running(feed):
        take_until(feed, lambda frame: frame.frame_id == 2)
        counters = feed.counters
        opened, closed = fake.times_opened, fake.times_closed
        gate.set()

    assert counters.reads_failed == 2
    assert counters.reopened == 2
    assert counters.is_open
    assert counters.last_error == "cable pulled"
    assert (opened, closed) == (3, 2)
    assert not feed.counters.is_open


def test_a_camera_that_is_away_at_start_is_tried_until_it_comes() -> None:
    feed, fake, gate = live([numbered(0)], opens=[CaptureError("not there"), CaptureError("still not")])
    with running(feed):
        take_until(feed, lambda frame: frame.frame_id == 0)
        counters = feed.counters
        gate.set()

    assert fake.times_opened >= 1
    assert counters.last_error == "still not"
    assert counters.reopened == 0
    assert counters.reads_failed == 0


def test_a_required_setting_that_is_refused_ends_the_feed() -> None:
    refused = CameraRefusedSetting("fps: expected 60, got 30")
    feed, fake, _ = live([], opens=[refused])
    with running(feed):
        with pytest.raises(CameraRefusedSetting, match="expected 60"):
            feed.take(LONG_S)
        assert feed.ended
    assert fake.times_opened == 0


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


def test_stop_does_not_wait_out_a_long_backoff() -> None:
    opened = threading.Event()

    class Away(FakeSource):
        def open(self) -> None:
            opened.set()
            raise CaptureError("away")

    feed = LiveFeed(Away([], is_live=True), "cam1", reopen_min_s=3600, reopen_max_s=3600)
    with running(feed):
        assert opened.wait(LONG_S)

    assert feed.ended
    assert feed.take(LONG_S) is None


def test_a_thread_stuck_in_a_driver_is_given_up_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    stuck = threading.Event()
    feed = LiveFeed(FakeSource([stuck], is_live=True), "cam1", stop_timeout_s=0.05)
    feed.start()

    feed.stop()
    stuck.set()

    assert "fake:cam1 did not return from the driver" in caplog.text


def test_a_required_setting_that_is_refused_after_a_reconnect_is_asked_for_again() -> None:
    refused = CameraRefusedSetting("width: expected 1280, got 640")
    feed, _, gate = live([numbered(0), None, numbered(1)], opens=[None, refused, refused])
    with running(feed):
        take_until(feed, lambda frame: frame.frame_id == 1)
        counters = feed.counters
        gate.set()

    assert counters.reopened == 1
    assert "width: expected 1280" in counters.last_error


def test_frames_of_a_camera_that_comes_back_with_another_size_say_so_until_it_is_right_again() -> None:
    sizes = [(160, 120), (320, 240), (160, 120)]
    held = [threading.Event() for _ in sizes]
    script: list[Step] = []
    for size_wh, gate in zip(sizes, held, strict=True):
        script += [numbered(0, size_wh), gate, None]
    feed, _, end = live(script)
    with running(feed):
        seen = []
        for index, gate in enumerate(held):
            frame = take_until(feed, lambda frame, index=index: frame.frame_id == index)  # type: ignore[misc]
            seen.append((frame.changed, feed.counters.changed, feed.counters.trouble))
            gate.set()
        end.set()

    words = "320 x 240 instead of 160 x 120"
    assert seen == [("", "", ""), (words, words, "camera_changed"), ("", "", "")]


def test_a_damaged_picture_is_passed_over_and_counted_without_reopening() -> None:
    feed, fake, gate = live([numbered(0), DamagedFrame("cut"), DamagedFrame("cut"), numbered(1)])
    with running(feed):
        take_until(feed, lambda frame: frame.frame_id == 1)
        counters, opened = feed.counters, fake.times_opened
        gate.set()

    assert (counters.reads_failed, counters.reopened, opened) == (2, 0, 1)
    assert counters.last_error == "cut"


def test_nothing_but_damaged_pictures_is_a_lost_camera() -> None:
    gate = threading.Event()
    damaged: list[Step] = [DamagedFrame("cut") for _ in range(50)]
    fake = FakeSource([*damaged, numbered(0), gate], is_live=True)
    feed = LiveFeed(fake, "cam1", reopen_min_s=1e-4, reopen_max_s=1e-4, read_limit_s=0.0)
    with running(feed):
        take_until(feed, lambda frame: frame.frame_id == 0)
        gate.set()

    assert fake.times_opened > 1


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


def test_a_camera_that_opens_and_gives_nothing_is_not_back() -> None:
    second, end = threading.Event(), threading.Event()
    opened_again = threading.Event()

    class Empty(FakeSource):
        def open(self) -> None:
            super().open()
            if self.times_opened == 2:
                opened_again.set()

    fake = Empty([numbered(0), None, second, numbered(1), end], is_live=True)
    with running(LiveFeed(fake, "cam1", reopen_min_s=0.001, reopen_max_s=0.001)) as feed:
        assert opened_again.wait(LONG_S)
        assert feed.counters.trouble == "camera_lost"
        second.set()
        take_until(feed, lambda frame: frame.frame_id == 1)
        assert feed.counters.trouble == ""
        end.set()

    assert feed.counters.reopened == 1


def test_the_same_failure_again_and_again_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    feed, _, gate = live([numbered(0)], opens=[CaptureError("no answer")] * 5 + [CaptureError("no stream")])
    with running(feed):
        take_until(feed, lambda frame: frame.frame_id == 0)
        gate.set()

    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    told = [text.partition(";")[0] for text in warnings[:2]]
    assert told == ["cam1: no answer", "cam1: no stream"]
