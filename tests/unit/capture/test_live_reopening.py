"""A live camera that is lost, refuses or sends damage: when it is opened again, and what is told of it."""

import threading

import pytest

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.live import LiveFeed
from edgevision.errors import CameraRefusedSetting, CaptureError, DamagedFrame
from tests.feeds import LONG_S, running, take_until
from tests.unit.capture.livefeeds import live
from tests.videos import numbered


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
