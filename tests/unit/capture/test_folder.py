import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.capture.folder import FolderSource, natural_order, printable_name
from edgevision.errors import CaptureError, TruncatedInput
from edgevision.types import Frame, Judgement
from tests.videos import grey_step, numbered


def write(folder: Path, *names: str) -> None:
    for index, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), numbered(index))


def read_all(source: FolderSource) -> list[Frame]:
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def test_images_come_in_natural_order_with_their_names(tmp_path: Path) -> None:
    write(tmp_path, "part10.png", "part2.jpg", "Part1.bmp", "part3.tif")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / ".hidden.png").write_text("no image")
    (tmp_path / "inside").mkdir()

    frames = read_all(FolderSource(tmp_path, "cam1"))

    assert [frame.file for frame in frames] == ["Part1.bmp", "part2.jpg", "part3.tif", "part10.png"]
    assert [frame.frame_id for frame in frames] == [0, 1, 2, 3]
    assert [grey_step(frame.image_bgr) for frame in frames] == [2, 1, 3, 0]
    assert {(frame.camera, frame.captured_ns) for frame in frames} == {("cam1", 0)}


def test_natural_order_is_total() -> None:
    names = ["a10", "a2", "A2", "b", "10", "9", "a", "a02", "٣x"]

    ordered = sorted(names, key=natural_order)

    assert ordered.index("9") < ordered.index("10") < ordered.index("a2") < ordered.index("a10")
    assert sorted(set(names), key=natural_order) == ordered
    assert len({natural_order(name) for name in names}) == len(names)


def test_one_image_is_a_source_too(tmp_path: Path) -> None:
    write(tmp_path, "a.png", "b.png")
    (tmp_path / "truth.csv").write_text("file,truth\nb.png,NG\n")

    (frame,) = read_all(FolderSource(tmp_path / "b.png", "cam1"))

    assert frame.file == "b.png"
    assert frame.truth is not None
    assert frame.truth.judgement is Judgement.NG


def test_reading_again_after_reopening_begins_at_the_first(tmp_path: Path) -> None:
    write(tmp_path, "a.png", "b.png")
    source = FolderSource(tmp_path, "cam1")

    assert [frame.file for frame in read_all(source)] == [frame.file for frame in read_all(source)]
    assert source.frames_expected == 2


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
def test_every_readable_image_is_delivered_before_the_damaged_are_named(tmp_path: Path, suffix: str) -> None:
    names = [f"{letter}{suffix}" for letter in "abcd"]
    write(tmp_path, *names)
    whole = (tmp_path / names[1]).read_bytes()
    (tmp_path / names[1]).write_bytes(whole[: len(whole) * 6 // 10])
    (tmp_path / names[3]).write_bytes(b"")
    source = FolderSource(tmp_path, "cam1")
    source.open()

    frames = [source.read(), source.read()]

    assert [frame.file for frame in frames if frame is not None] == [names[0], names[2]]
    with pytest.raises(TruncatedInput, match=rf"expected 4 .* read 2; .*b{suffix}, d{suffix}; replace"):
        source.read()
    assert source.read() is None


def test_a_folder_without_one_readable_image_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    (tmp_path / "b.jpg").write_bytes(b"")

    with pytest.raises(CaptureError, match="none of its images can be decoded"):
        read_all(FolderSource(tmp_path, "cam1"))


@pytest.mark.parametrize("name", ["", "a.png"])
def test_no_image_at_all_is_an_error_at_open(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaptureError, match=r"expected an image or a folder"):
        FolderSource(tmp_path / name, "cam1").open()


def test_truth_and_masks_come_with_their_images_and_masks_are_not_inspected(tmp_path: Path) -> None:
    write(tmp_path, "a.png", "b.png", "c.png")
    mask = np.zeros((120, 160), np.uint8)
    mask[10:20, 30:50] = 2
    cv2.imwrite(str(tmp_path / "b-mask.png"), mask)
    (tmp_path / "truth.csv").write_text("file,truth,mask\na.png,OK,\nb.png,NG,b-mask.png\n", "utf-8-sig")

    frames = {frame.file: frame.truth for frame in read_all(FolderSource(tmp_path, "cam1"))}

    assert list(frames) == ["a.png", "b.png", "c.png"]
    assert frames["a.png"] is not None
    assert frames["a.png"].judgement is Judgement.OK
    assert frames["a.png"].class_map is None
    assert frames["b.png"] is not None
    assert frames["b.png"].class_map is not None
    assert np.array_equal(frames["b.png"].class_map, mask)
    assert frames["c.png"] is None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "line 1"),
        ("name,label\na.png,OK\n", "line 1"),
        ("file,truth\na.png,OK\na.png,NG\n", "line 3.*each file once"),
        ("file,truth\na.png,good\n", "line 2.*'good'"),
        ("file,truth\na.png\n", "line 2"),
        ("file,truth\na.png,OK,more\n", "line 2.*further fields"),
        ("file,truth\n\na.png,OK\nz.png,OK\n", "line 4.*z.png"),
        ('file,truth\n"a.png,OK\n', "truth.csv"),
        ("file,truth,mask\na.png,NG,gone.png\n", "line 2.*gone.png"),
        ("file,truth,mask\na.png,NG,small.png\n", "line 2.*160 x 120, got 8 x 4"),
        ("file,truth,mask\na.png,NG,b.png\n", "line 2.*one 8-bit channel"),
        ("file,truth\na.png,\xe9\n", "line 2"),
    ],
)
def test_a_wrong_truth_row_names_file_and_line(tmp_path: Path, content: str, complaint: str) -> None:
    write(tmp_path, "a.png", "b.png")
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((4, 8), np.uint8))
    (tmp_path / "truth.csv").write_text(content, "utf-8")

    with pytest.raises(CaptureError, match=f"truth.csv.*{complaint}|{complaint}"):
        read_all(FolderSource(tmp_path, "cam1"))


def test_a_truth_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.png")
    (tmp_path / "truth.csv").write_bytes(b"file,truth\n\xff\xfe\x00")

    with pytest.raises(CaptureError, match=r"truth\.csv"):
        FolderSource(tmp_path, "cam1").open()


def test_a_name_that_is_no_utf8_is_escaped() -> None:
    assert printable_name(Path(os.fsdecode(b"p\xff.png"))) == "p\\xff.png"
