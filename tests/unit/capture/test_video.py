import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.capture.video import VideoSource, decoder_threads
from edgevision.errors import CaptureError
from tests.unit.capture.recordings import read_all
from tests.videos import FPS, grey_step, shorten, write_video

DATA = Path(__file__).parents[3] / "../shared/data/videos"


@pytest.mark.parametrize(
    ("name", "fourcc"), [("a.avi", "MJPG"), ("a.avi", "XVID"), ("a.mp4", "mp4v"), ("a.mkv", "mp4v")]
)
def test_a_healthy_recording_gives_every_frame_in_order(tmp_path: Path, name: str, fourcc: str) -> None:
    source = VideoSource(write_video(tmp_path / name, fourcc), "cam1")

    frames = read_all(source)

    assert [grey_step(frame.image_bgr) for frame in frames] == list(range(30))
    assert [frame.frame_id for frame in frames] == list(range(30))
    assert [round(frame.wall_ns / 1e6) for frame in frames] == [1000 // FPS * index for index in range(30)]
    assert {(frame.camera, frame.file, frame.captured_ns) for frame in frames} == {("cam1", name, 0)}
    assert source.frames_expected == 30


def test_the_pixels_are_those_of_plain_opencv(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", "mp4v")
    plain = cv2.VideoCapture(str(path))

    for frame in read_all(VideoSource(path, "cam1")):
        is_read, image = plain.read()
        assert is_read
        assert np.array_equal(frame.image_bgr, image)
    plain.release()


def test_reopening_begins_at_the_first_frame(tmp_path: Path) -> None:
    source = VideoSource(write_video(tmp_path / "a.avi", frames=5), "cam1")
    source.open()
    source.read()

    assert [frame.frame_id for frame in read_all(source)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "content", [b"", b"this is no video", b"\0" * 5000, b"RIFF", b"GIF89a", b"\x1aE\xdf\xa3"]
)
def test_what_is_no_video_is_an_error_at_open(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)

    with pytest.raises(CaptureError, match=r"a\.mp4: expected a video"):
        VideoSource(path, "cam1").open()


def test_an_mp4_cut_before_its_index_is_an_error_at_open(tmp_path: Path) -> None:
    path = shorten(write_video(tmp_path / "a.mp4", "mp4v"), 0.5)

    with pytest.raises(CaptureError, match="repaired or recorded again"):
        VideoSource(path, "cam1").open()


def test_a_missing_file_is_an_error_at_open(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"gone\.mp4.*No such file"):
        VideoSource(tmp_path / "gone.mp4", "cam1").open()


def test_a_closed_source_gives_nothing(tmp_path: Path) -> None:
    source = VideoSource(write_video(tmp_path / "a.avi", frames=3), "cam1")
    source.open()
    source.close()
    source.close()

    assert source.read() is None


def test_decoding_takes_no_core_from_the_model_that_it_does_not_need() -> None:
    assert [decoder_threads(cores) for cores in (1, 2, 4, 8, 64)] == [1, 1, 2, 4, 4]


@pytest.mark.shared
@pytest.mark.skipif(not DATA.exists(), reason=f"{os.fspath(DATA)} is not here")
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("bottle-detection.mp4", 1189),
        ("bolt-multi-size-detection.gif", 37),
        ("head-pose-face-detection-female-and-male.gif", 56),
        ("one-by-one-person-detection.mp4", 1394),
    ],
)
def test_real_recordings_are_whole(name: str, count: int) -> None:
    source = VideoSource(DATA / name, "cam1")
    source.open()
    read = 0
    while source.read() is not None:
        read += 1

    assert read == count == source.frames_expected
