from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.errors import OutputError
from edgevision.replay.annotated import AnnotatedVideo
from edgevision.types import ClassMap, Frame, Inspected
from tests.inspections import ok_inspection


def shot(
    frame_id: int = 0, size_wh: tuple[int, int] = (64, 48), *, grey: int = 90, wall_ns: int = 0
) -> Inspected:
    """Return a grey frame with its inspection."""
    image = np.full((size_wh[1], size_wh[0], 3), grey, np.uint8)
    frame = Frame(image, "replay", frame_id, 0, wall_ns, file="belt.mp4")
    return Inspected(frame, ok_inspection(frame_id=frame_id, size_wh=size_wh))


def frames_of(path: Path) -> list[ClassMap]:
    video, pictures = cv2.VideoCapture(str(path)), []
    while (step := video.read())[0]:
        pictures.append(step[1].astype(np.uint8, copy=False))
    video.release()
    return pictures


@pytest.mark.parametrize("size_wh", [(64, 48), (161, 121), (33, 17)])
def test_the_annotated_video_opens_again_with_every_frame_in_its_size_made_even(
    tmp_path: Path, size_wh: tuple[int, int]
) -> None:
    path = tmp_path / "out.mp4"
    with AnnotatedVideo(path) as video:
        video.commit([shot(frame_id=index, size_wh=size_wh) for index in range(7)])

    pictures = frames_of(path)
    assert len(pictures) == 7
    width, height = size_wh
    assert {picture.shape for picture in pictures} == {(height - height % 2, width - width % 2, 3)}


def test_frames_of_another_size_are_fitted_between_black_bars(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with AnnotatedVideo(path) as video:
        video.commit([shot(size_wh=(320, 160), grey=200), shot(size_wh=(600, 600), grey=200)])
    first, second = frames_of(path)

    assert first.shape == second.shape == (160, 320, 3)
    assert second[:, :70].mean() < 10
    assert second[:, -70:].mean() < 10
    assert second[140:, 100:220].mean() > 150


def test_without_a_frame_there_is_no_video(tmp_path: Path) -> None:
    with AnnotatedVideo(tmp_path / "out.mp4"):
        pass

    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("name", "message"), [("out.avi", r"name it out\.mp4"), ("missing/out.mp4", "create it first")]
)
def test_a_video_that_cannot_be_written_is_refused_before_the_first_frame(
    tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(OutputError, match=message):
        AnnotatedVideo(tmp_path / name)


def test_a_video_on_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").symlink_to("/dev/full")

    with (
        pytest.raises(OutputError, match=r"out\.mp4"),
        AnnotatedVideo(tmp_path / "out.mp4") as video,
    ):
        video.commit([shot(frame_id=index) for index in range(50)])


@pytest.mark.parametrize(("apart_s", "fps"), [(0.1, 10.0), (1 / 30, 30.0), (0.0, 25.0), (3600.0, 25.0)])
def test_it_plays_as_fast_as_the_recording_or_at_25_where_nobody_knows(
    tmp_path: Path, apart_s: float, fps: float
) -> None:
    path = tmp_path / "out.mp4"
    with AnnotatedVideo(path) as video:
        video.commit([shot(frame_id=index, wall_ns=round(1e9 * apart_s * index)) for index in range(4)])

    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(fps, rel=0.01)


def test_a_single_frame_is_a_video_too(tmp_path: Path) -> None:
    with AnnotatedVideo(tmp_path / "out.mp4") as video:
        video.commit([shot()])

    assert len(frames_of(tmp_path / "out.mp4")) == 1
