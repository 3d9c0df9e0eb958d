"""Streams from a real HTTP server on the loopback, and files through the whole feed."""

import random
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import cv2
import pytest

from edgevision.capture.feed import RecordingFeed
from edgevision.capture.folder import FolderSource
from edgevision.capture.live import LiveFeed
from edgevision.capture.opencv import UrlSource
from edgevision.capture.video import VideoSource
from edgevision.config.station import CameraSettings
from edgevision.errors import CameraRefusedSetting, CaptureError, TruncatedInput
from edgevision.ports import Feed
from tests.feeds import LONG_S, running, take_until
from tests.mjpeg import PASSWORD, MjpegCamera, serving
from tests.videos import grey_step, numbered, shorten, write_video


def url_source(url: str, **fields: Any) -> UrlSource:
    fields = {"open_timeout_s": 5.0, "read_timeout_s": 0.5} | fields
    return UrlSource(CameraSettings.model_validate({"name": "line-a", "source": url, **fields}))


def live(source: UrlSource) -> AbstractContextManager[LiveFeed]:
    rng = random.Random(1)
    return running(
        LiveFeed(source, "line-a", reopen_min_s=0.01, reopen_max_s=0.05, stop_timeout_s=LONG_S, rng=rng)
    )


def take_all(feed: Feed, steps: list[int]) -> None:
    """Append the number of every picture; raises what ended the feed."""
    while not feed.ended:
        frame = feed.take(LONG_S)
        if frame is not None:
            steps.append(grey_step(frame.image_bgr))


def test_an_mjpeg_stream_is_read_with_host_times() -> None:
    with serving(MjpegCamera([(range(20), True)])) as camera:
        source = url_source(camera.url)
        source.open()
        frames = [source.read() for _ in range(10)]
        source.close()

    assert [grey_step(frame.image_bgr) for frame in frames if frame is not None] == list(range(10))
    times = [frame.captured_ns for frame in frames if frame is not None]
    assert times == sorted(times)
    assert times[0] > 0


def test_a_camera_that_hangs_up_is_reopened_and_counted() -> None:
    script = [(range(10), False), (range(10, 30), True)]
    with serving(MjpegCamera(script)) as camera, live(url_source(camera.url)) as feed:
        frame = take_until(feed, lambda frame: grey_step(frame.image_bgr) >= 10)
        counters = feed.counters

    assert frame.camera == "line-a"
    assert counters.reopened >= 1
    assert counters.reads_failed >= 1
    assert "expected a frame, got none" in counters.last_error


def test_a_stream_that_stalls_is_given_up_after_the_read_timeout_and_reopened() -> None:
    script = [(range(10), True), (range(10, 30), True)]
    with serving(MjpegCamera(script)) as camera, live(url_source(camera.url)) as feed:
        take_until(feed, lambda frame: grey_step(frame.image_bgr) >= 10)
        counters = feed.counters

    assert counters.reads_failed >= 1
    assert counters.reopened >= 1
    assert camera.served >= 2


def test_the_password_of_a_file_opens_the_stream_and_shows_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secret, wrong = tmp_path / "password", tmp_path / "wrong"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    wrong.write_text("wrong-hush")
    with serving(MjpegCamera([(range(20), False)])) as camera:
        url = camera.url.replace("http://", "http://bob@") + "/private"
        with live(url_source(url, url_password_file=secret)) as feed:
            take_until(feed, lambda _: True)
        counters = feed.counters
        with pytest.raises(CaptureError) as caught:
            url_source(url, url_password_file=wrong).open()

    printed = capfd.readouterr()
    shown = caplog.text + counters.last_error + str(caught.value) + printed.out + printed.err
    assert "http://***@127.0.0.1" in shown
    assert not any(word in shown for word in (PASSWORD, "p%40ss", "bob", "hush"))


def test_a_stream_of_another_size_is_refused_where_the_size_is_required() -> None:
    with serving(MjpegCamera([(range(20), True)])) as camera:
        source = url_source(camera.url, width=640, height=120, on_refused_setting="error")
        with pytest.raises(CameraRefusedSetting, match="width: expected 640, got 160; ask for what the cam"):
            source.open()


def test_a_truncated_video_goes_through_the_feed_whole_before_it_is_reported(tmp_path: Path) -> None:
    path = shorten(write_video(tmp_path / "a.avi"), 0.6)
    feed = RecordingFeed(VideoSource(path, "line-a"), "line-a")
    feed.start()
    steps: list[int] = []

    with pytest.raises(TruncatedInput, match=r"expected 30 frames, read 1\d"):
        take_all(feed, steps)
    feed.stop()

    assert len(steps) > 10
    assert steps[:-1] == list(range(len(steps) - 1))


def test_a_folder_goes_through_the_feed_and_its_damaged_image_is_reported(tmp_path: Path) -> None:
    for index in range(12):
        cv2.imwrite(str(tmp_path / f"{index}.png"), numbered(index))
    shorten(tmp_path / "5.png", 0.5).replace(tmp_path / "5.png")
    feed = RecordingFeed(FolderSource(tmp_path, "line-a"), "line-a")
    feed.start()
    steps: list[int] = []

    with pytest.raises(TruncatedInput, match=r"5\.png"):
        take_all(feed, steps)
    feed.stop()

    assert steps == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
