"""Damaged recordings give every readable frame, then an error that says how many; some only look damaged."""

from pathlib import Path

import pytest

from edgevision.capture.video import VideoSource
from tests.unit.capture.recordings import read_all, read_damaged
from tests.videos import ffmpeg, grey_step, shorten, write_video


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
