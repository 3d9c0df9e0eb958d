import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.feed import LiveFeed, RecordingFeed
from edgevision.errors import CameraRefusedSetting, CaptureError, TruncatedInput
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


def live(script: list[Step], **source: object) -> tuple[LiveFeed, FakeSource, threading.Event]:
    """Return a live feed whose script ends at a gate, which must be set before it is stopped."""
    gate = threading.Event()
    fake = FakeSource([*script, gate], is_live=True, **source)  # type: ignore[arg-type]
    return LiveFeed(fake, "cam1", reopen_min_s=0.001, reopen_max_s=0.002, rng=random.Random(1)), fake, gate


def take_until(feed: Feed, wanted: Callable[[Frame], bool]) -> Frame:
    while True:
        frame = feed.take(LONG_S)
        assert frame is not None
        if wanted(frame):
            return frame


def take_all(feed: Feed) -> list[int]:
    taken = []
    while not feed.ended:
        if (frame := feed.take(LONG_S)) is not None:
            taken.append(frame.frame_id)
    return taken


def test_a_recording_arrives_whole_in_order_and_ends() -> None:
    fake = FakeSource(numbered(index) for index in range(40))
    with running(RecordingFeed(fake, "cam1")) as feed:
        assert take_all(feed) == list(range(40))

        assert feed.take(0.0) is None
        assert feed.counters.frames_read == 40
        assert feed.counters.frames_skipped == 0
        assert not feed.counters.is_open


def test_a_damaged_recording_gives_its_frames_first_and_then_its_error_once() -> None:
    fake = FakeSource([numbered(0), numbered(1), TruncatedInput("expected 5 frames, read 2")])
    with running(RecordingFeed(fake, "cam1")) as feed:
        first, second = feed.take(LONG_S), feed.take(LONG_S)
        assert first is not None
        assert second is not None
        assert [first.frame_id, second.frame_id] == [0, 1]

        with pytest.raises(TruncatedInput, match="read 2"):
            feed.take(LONG_S)

        assert feed.ended
        assert feed.take(0.0) is None
        assert feed.counters.last_error == "expected 5 frames, read 2"


def test_a_recording_that_cannot_be_opened_says_why_at_the_first_take() -> None:
    with running(RecordingFeed(FakeSource([], opens=[CaptureError("no such file")]), "cam1")) as feed:
        with pytest.raises(CaptureError, match="no such file"):
            feed.take(LONG_S)
        assert feed.ended


def test_an_unexpected_error_reaches_the_taker_instead_of_dying_with_the_thread() -> None:
    class Broken(FakeSource):
        def read(self) -> Frame | None:
            raise ZeroDivisionError

    with running(RecordingFeed(Broken([]), "cam1")) as feed, pytest.raises(ZeroDivisionError):
        feed.take(LONG_S)


def test_stopping_a_recording_frees_a_thread_that_waits_for_room_and_closes_the_source() -> None:
    fake = FakeSource(numbered(index % 50) for index in range(10_000))
    feed = RecordingFeed(fake, "cam1", stop_timeout_s=LONG_S)
    with running(feed):
        take_until(feed, lambda frame: frame.frame_id == 3)

    assert fake.times_closed >= 1
    assert feed.counters.frames_read < 10_000


def test_only_the_capture_thread_touches_the_source() -> None:
    fake = FakeSource([numbered(0)])
    with running(RecordingFeed(fake, "cam1")) as feed:
        take_all(feed)
    feed.stop()

    assert fake.threads == {"capture-cam1"}


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


def test_a_feed_that_was_never_started_can_be_stopped() -> None:
    feed = RecordingFeed(FakeSource([numbered(0)]), "cam1")

    feed.stop()

    assert feed.ended
