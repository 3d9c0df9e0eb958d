import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.capture.video import VideoSource, decoder_threads
from edgevision.errors import CaptureError, TruncatedInput
from edgevision.types import Frame
from tests.videos import FPS, ffmpeg, grey_step, shorten, write_video

DATA = Path(__file__).parents[3] / "../shared/data/videos"


def read_rest(source: VideoSource, frames: list[Frame]) -> None:
    """Append every frame; a damaged recording raises after the last."""
    while (frame := source.read()) is not None:
        frames.append(frame)


def read_all(source: VideoSource) -> list[Frame]:
    frames: list[Frame] = []
    source.open()
    read_rest(source, frames)
    source.close()
    return frames


def read_damaged(path: Path) -> tuple[list[Frame], str]:
    """Return the readable frames and what the one error says; after it nothing comes."""
    frames: list[Frame] = []
    source = VideoSource(path, "cam1")
    source.open()
    with pytest.raises(TruncatedInput) as caught:
        read_rest(source, frames)
    assert source.read() is None
    return frames, str(caught.value)


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


@pytest.mark.parametrize(("name", "fourcc"), [("a.avi", "MJPG"), ("a.avi", "XVID"), ("a.mkv", "mp4v")])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_truncated_recording_gives_its_frames_and_then_says_how_many(
    tmp_path: Path, name: str, fourcc: str, share: float
) -> None:
    path = shorten(write_video(tmp_path / name, fourcc), share)

    frames, said = read_damaged(path)

    assert [frame.frame_id for frame in frames] == list(range(len(frames)))
    assert 1 < len(frames) < 30
    assert grey_step(frames[-2].image_bgr) == len(frames) - 2
    assert f"{path}: expected" in said
    assert f"30 frames, read {len(frames)}" in said
    assert "copy or record" in said


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_truncated_mp4_with_its_index_in_front_is_noticed(
    tmp_path: Path, suffix: str, share: float
) -> None:
    whole = tmp_path / f"whole{suffix}"
    ffmpeg("-i", write_video(tmp_path / "a.avi"), "-c:v", "libx264", "-movflags", "+faststart", whole)
    assert len(read_all(VideoSource(whole, "cam1"))) == 30

    frames, said = read_damaged(shorten(whole, share))

    assert 0 < len(frames) < 30
    assert f"expected 30 frames, read {len(frames)}" in said


def zeroed(path: Path, share: float, count: int) -> Path:
    content = bytearray(path.read_bytes())
    at = int(len(content) * share)
    content[at : at + count] = bytes(count)
    path.write_bytes(content)
    return path


def test_frames_after_the_damaged_part_of_an_mp4_are_still_delivered(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    ffmpeg("-i", write_video(tmp_path / "a.avi"), "-c:v", "libx264", "-g", "5", "-bf", "0", path)

    frames, said = read_damaged(zeroed(path, 0.4, 1500))

    assert len(frames) < 30
    assert grey_step(frames[-1].image_bgr) == 29
    assert f"expected 30 frames, read {len(frames)}" in said


def test_an_mkv_that_is_damaged_inside_is_noticed(tmp_path: Path) -> None:
    path = zeroed(write_video(tmp_path / "a.mkv", "mp4v"), 0.5, 3000)

    frames, said = read_damaged(path)

    assert 0 < len(frames) < 30
    assert f"read {len(frames)}" in said


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi"])
def test_a_variable_frame_rate_is_no_damage(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"vfr{suffix}"
    select = "select=not(mod(n\\,3))+gt(n\\,20)"
    ffmpeg("-i", write_video(tmp_path / "a.avi"), "-vf", select, "-vsync", "vfr", "-c:v", "mpeg4", path)

    steps = [grey_step(frame.image_bgr) for frame in read_all(VideoSource(path, "cam1"))]

    assert steps == [index for index in range(30) if index % 3 == 0 or index > 20]


def test_a_longer_sound_track_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    tone = ("-f", "lavfi", "-i", "sine=duration=6")
    ffmpeg("-i", write_video(tmp_path / "a.avi"), *tone, "-c:v", "mpeg4", "-c:a", "aac", path)

    assert len(read_all(VideoSource(path, "cam1"))) == 30


def test_a_clip_trimmed_by_an_edit_list_is_no_damage(tmp_path: Path) -> None:
    whole, clip = tmp_path / "whole.mp4", tmp_path / "clip.mp4"
    ffmpeg("-i", write_video(tmp_path / "a.avi"), "-c:v", "libx264", "-g", "10", whole)
    ffmpeg("-ss", "1.5", "-i", whole, "-c", "copy", clip)

    frames = read_all(VideoSource(clip, "cam1"))

    assert len(frames) <= 16
    assert grey_step(frames[-1].image_bgr) == 29


@pytest.mark.parametrize("muxer", ["matroska", "avi"])
def test_a_recording_made_through_a_pipe_knows_no_number_and_is_no_damage(tmp_path: Path, muxer: str) -> None:
    path = tmp_path / f"pipe.{muxer}"
    ffmpeg(
        *("-i", write_video(tmp_path / "a.avi"), "-c:v", "mpeg4", "-f", muxer, "-flush_packets", "1"),
        *("-seekable", "0", f"file:{path}") if muxer == "matroska" else (path,),
    )

    assert len(read_all(VideoSource(path, "cam1"))) == 30


def test_a_fragmented_mp4_is_read_whole_and_its_truncation_noticed(tmp_path: Path) -> None:
    path = tmp_path / "frag.mp4"
    flags = ("-g", "10", "-movflags", "+frag_keyframe+empty_moov")
    ffmpeg("-i", write_video(tmp_path / "a.avi"), "-c:v", "libx264", *flags, path)
    assert len(read_all(VideoSource(path, "cam1"))) == 30

    frames, said = read_damaged(shorten(path, 0.6))

    assert 0 < len(frames) < 30
    assert f"read {len(frames)}" in said


def test_a_gif_without_its_end_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    ffmpeg("-i", write_video(tmp_path / "a.avi"), path)
    assert len(read_all(VideoSource(path, "cam1"))) == 30

    frames, _ = read_damaged(shorten(path, 0.6))

    assert 0 < len(frames) < 30


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
