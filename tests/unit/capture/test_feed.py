import pytest

from edgevision.capture.fake import FakeSource
from edgevision.capture.feed import RecordingFeed
from edgevision.errors import CaptureError, TruncatedInput
from edgevision.ports import Feed
from edgevision.types import Frame
from tests.feeds import LONG_S, running, take_until
from tests.videos import numbered


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


def test_a_feed_that_was_never_started_can_be_stopped() -> None:
    feed = RecordingFeed(FakeSource([numbered(0)]), "cam1")

    feed.stop()

    assert feed.ended
