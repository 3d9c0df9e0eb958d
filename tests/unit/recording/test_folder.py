"""Written by `SessionFolder`, read back by `SessionSource`."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgevision.capture.session import SessionSource
from edgevision.errors import OutputError
from edgevision.recording.folder import SessionFolder
from edgevision.session import HEAD_FILE, LOG_FILE, SessionHead, picture_name, trigger_entry
from edgevision.types import Frame, Judgement
from tests.inspections import ok_inspection
from tests.unit.evidence.exhibits import part

HEAD = SessionHead(station="line1", camera="cam1", px_per_mm=12.5)


def seen(number: int) -> Frame:
    frame = part(Judgement.OK, number).seen
    assert frame is not None
    return frame


def written(folder: Path, *frames: Frame) -> list[int]:
    """Write a session; return the bytes that each frame took."""
    session = SessionFolder(folder, HEAD)
    sizes = [session.add(frame) for frame in frames]
    session.close()
    return sizes


def test_what_is_written_is_read_back_without_loss(tmp_path: Path) -> None:
    frames = [seen(number) for number in range(3)]
    written(tmp_path, *frames)

    source = SessionSource(tmp_path)
    source.open()
    back = list(iter(source.read, None))

    assert [frame.frame_id for frame in back] == [0, 1, 2]
    assert [frame.wall_ns for frame in back] == [frame.wall_ns for frame in frames]
    assert all(
        np.array_equal(one.image_bgr, other.image_bgr) for one, other in zip(back, frames, strict=True)
    )


def test_the_head_says_whose_frames_they_are(tmp_path: Path) -> None:
    written(tmp_path / "deep/down")

    assert json.loads((tmp_path / "deep/down" / HEAD_FILE).read_text()) == {
        "schema": "edgevision.session/1",
        "station": "line1",
        "camera": "cam1",
        "px_per_mm": 12.5,
    }


def test_every_frame_is_told_with_the_bytes_it_took(tmp_path: Path) -> None:
    sizes = written(tmp_path, seen(0), seen(1))

    pictures = [(tmp_path / picture_name(number)).stat().st_size for number in range(2)]
    assert sum(sizes) == sum(pictures) + (tmp_path / LOG_FILE).stat().st_size
    assert all(size > picture for size, picture in zip(sizes, pictures, strict=True))


def test_a_line_is_on_the_disk_before_the_session_is_closed(tmp_path: Path) -> None:
    session = SessionFolder(tmp_path, HEAD)
    session.add(seen(0))

    assert len((tmp_path / LOG_FILE).read_bytes().splitlines()) == 1
    session.close()
    session.close()


def test_a_picture_is_named_for_its_line_so_that_triggers_without_one_leave_a_gap(tmp_path: Path) -> None:
    session = SessionFolder(tmp_path, HEAD)
    session.note(trigger_entry(ok_inspection(frame_id=None, trigger_id="t1")))
    session.add(seen(0))
    session.close()

    assert [path.name for path in (tmp_path / "frames").iterdir()] == ["00000001.png"]


def test_a_folder_with_a_session_is_not_written_over(tmp_path: Path) -> None:
    written(tmp_path, seen(0))
    before = (tmp_path / LOG_FILE).read_bytes()

    with pytest.raises(OutputError, match="holds a recorded session"):
        SessionFolder(tmp_path, HEAD)

    assert (tmp_path / LOG_FILE).read_bytes() == before


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OutputError, match=r"a session cannot be written: .*choose another place"):
        SessionFolder(tmp_path / "file", HEAD)


def test_a_picture_that_cannot_be_written_is_told_and_leaves_no_line(tmp_path: Path) -> None:
    session = SessionFolder(tmp_path, HEAD)
    (tmp_path / "frames").rmdir()

    with pytest.raises(OutputError, match="No such file"):
        session.add(seen(0))

    session.close()
    assert (tmp_path / LOG_FILE).read_bytes() == b""


def test_the_room_is_that_of_the_disk(tmp_path: Path) -> None:
    session = SessionFolder(tmp_path, HEAD)

    assert session.free_bytes() > 0
    session.close()
