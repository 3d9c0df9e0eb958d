from pathlib import Path

import cv2
import pytest

from edgevision.capture.session import SessionSource, read_head
from edgevision.errors import CaptureError, TruncatedInput
from edgevision.session import (
    HEAD_FILE,
    LOG_FILE,
    SessionEntry,
    SessionHead,
    frame_entry,
    picture_name,
    trigger_entry,
)
from edgevision.types import Frame, Judgement, Trigger, Truth
from tests.inspections import ok_inspection
from tests.videos import grey_step, numbered

WALL_NS = 1_795_000_000_000_000_000
ABSENT = SessionEntry(picture="frames/gone.png", frame_id=9)


def triggered(number: int) -> Frame:
    """Return a frame with everything that a station can know of it."""
    trigger = Trigger(f"t{number}", f"r{number}", 5, WALL_NS, deadline_ns=9, part_id=f"P-{number}")
    return Frame(
        numbered(number),
        "cam1",
        number,
        captured_ns=7,
        wall_ns=WALL_NS + number,
        part_id=f"P-{number}",
        file="belt.avi",
        truth=Truth(Judgement.NG),
        is_frozen=True,
        pixel_format="MJPG",
        changed="now 80 x 60",
        trigger=trigger,
    )


def write_session(folder: Path, *frames: Frame, more: tuple[SessionEntry, ...] = ()) -> Path:
    """Write the format by hand."""
    (folder / "frames").mkdir()
    (folder / HEAD_FILE).write_text(
        SessionHead(station="line1", camera="cam1").model_dump_json(by_alias=True)
    )
    entries = []
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / picture_name(number)), frame.image_bgr)
        entries.append(frame_entry(frame, picture_name(number)))
    lines = [entry.model_dump_json(exclude_defaults=True) + "\n" for entry in (*entries, *more)]
    (folder / LOG_FILE).write_text("".join(lines))
    return folder


def opened(folder: Path) -> SessionSource:
    source = SessionSource(folder)
    source.open()
    return source


def test_a_frame_comes_back_with_all_that_was_known_of_it(tmp_path: Path) -> None:
    source = opened(write_session(tmp_path, triggered(3)))
    frame, was = source.read(), triggered(3)

    assert frame is not None
    assert grey_step(frame.image_bgr) == 3
    for name in ("camera", "frame_id", "wall_ns", "part_id", "file", "is_frozen", "pixel_format", "changed"):
        assert getattr(frame, name) == getattr(was, name), name
    assert frame.trigger == was.trigger
    assert frame.truth is not None
    assert frame.truth.judgement is Judgement.NG
    assert frame.captured_ns == 0
    assert frame.acquire_ns > 0
    assert source.read() is None


def test_it_is_a_recording_that_knows_its_length(tmp_path: Path) -> None:
    source = opened(write_session(tmp_path, *(triggered(number) for number in range(4))))

    assert (source.name, source.is_live, source.frames_expected) == (str(tmp_path), False, 4)


def test_a_trigger_without_a_frame_is_passed_over(tmp_path: Path) -> None:
    unseen = trigger_entry(ok_inspection(frame_id=None, trigger_id="t9"))
    source = opened(write_session(tmp_path, triggered(0), more=(unseen,)))

    assert source.frames_expected == 1
    assert [frame.frame_id for frame in iter(source.read, None)] == [0]


def test_it_can_be_opened_again_and_begins_again(tmp_path: Path) -> None:
    source = opened(write_session(tmp_path, triggered(0), triggered(1)))
    source.read()
    source.close()
    assert source.read() is None

    source.open()

    assert [frame.frame_id for frame in iter(source.read, None)] == [0, 1]


def test_pictures_that_cannot_be_read_are_named_once_after_all_others(tmp_path: Path) -> None:
    write_session(tmp_path, *(triggered(number) for number in range(3)), more=(ABSENT,))
    (tmp_path / picture_name(1)).write_bytes(b"no picture")
    source = opened(tmp_path)
    ids = [source.read(), source.read()]

    assert [frame.frame_id for frame in ids if frame] == [0, 2]
    with pytest.raises(TruncatedInput, match=r"expected 4 pictures, read 2; .*00000001\.png and 1 more"):
        source.read()
    assert source.read() is None


def test_a_last_line_that_was_cut_off_says_nothing(tmp_path: Path) -> None:
    write_session(tmp_path, triggered(0), triggered(1))
    log = tmp_path / LOG_FILE
    log.write_bytes(log.read_bytes()[:-20])

    assert [frame.frame_id for frame in iter(opened(tmp_path).read, None)] == [0]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (HEAD_FILE, None, r"session\.json: expected the head of a recorded session, got: No such file"),
        (HEAD_FILE, '{"schema": "edgevision.session/9"}', r"got: schema: "),
        (LOG_FILE, None, r"frames\.jsonl: expected the log of a session, got: No such file"),
        (LOG_FILE, '{"frame": 1}\n', r"line 1: expected a frame or a trigger, got: frame: .*record it again"),
        (LOG_FILE, "", "expected recorded frames, the session has none"),
    ],
)
def test_what_is_no_session_is_told(tmp_path: Path, file: str, content: str | None, message: str) -> None:
    write_session(tmp_path, triggered(0))
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_text(content)

    with pytest.raises(CaptureError, match=message):
        opened(tmp_path)


def test_the_head_alone_can_be_read(tmp_path: Path) -> None:
    assert read_head(write_session(tmp_path)).camera == "cam1"
