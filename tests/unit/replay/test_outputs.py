import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.errors import OutputError
from edgevision.replay.outputs import MaskFolder, ResultLines
from edgevision.types import ClassMap, Findings, Frame, Inspected, ModelRef
from tests.inspections import MODEL, ng_inspection, ok_inspection


def shot(
    file: str | None = "part.jpg",
    frame_id: int = 0,
    size_wh: tuple[int, int] = (64, 48),
    *,
    findings: tuple[Findings, ...] = (),
    models: tuple[ModelRef, ...] = (MODEL,),
    grey: int = 90,
) -> Inspected:
    """Return a grey frame with its inspection."""
    image = np.full((size_wh[1], size_wh[0], 3), grey, np.uint8)
    frame = Frame(image, "replay", frame_id, 0, 0, file=file)
    inspection = ok_inspection(frame_id=frame_id, size_wh=size_wh, findings=findings, models=models)
    return Inspected(frame, inspection)


def found(task: str, class_map: ClassMap) -> Findings:
    return Findings(task, (), ("background", "crack"), class_map)


def mask(value: int, size_wh: tuple[int, int] = (64, 48)) -> ClassMap:
    class_map = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    class_map[3:5, 7:40] = value
    return class_map


def read(path: Path) -> ClassMap:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture.astype(np.uint8, copy=False)


def test_each_inspection_is_one_line_without_a_time_of_publishing(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with ResultLines(path, "replay") as lines:
        lines.commit([shot(frame_id=0), shot(frame_id=1)])
        lines.commit([replace(shot(frame_id=2), inspection=ng_inspection())])
    content = path.read_bytes()
    messages = [json.loads(line) for line in content.splitlines()]

    assert content.endswith(b"\n")
    assert [message["judgement"] for message in messages] == ["OK", "OK", "NG"]
    assert not any("published_ts" in message for message in messages)


def test_lines_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        ResultLines(tmp_path / "missing" / "results.jsonl", "replay")
    lines = ResultLines(Path("/dev/full"), "replay")
    lines.commit([shot()])
    with pytest.raises(OutputError, match="No space left on device"):
        lines.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("file", "frame_id", "name"),
    [
        ("part.jpg", 4, "part.png"),
        ("part.two.TIFF", 4, "part.two.png"),
        ("belt.mp4", 7, "belt_000007.png"),
        (None, 7, "replay_000007.png"),
    ],
)
def test_a_mask_is_named_for_its_frame(tmp_path: Path, file: str | None, frame_id: int, name: str) -> None:
    class_map = mask(3)
    MaskFolder(tmp_path / "a/masks").commit([shot(file, frame_id, findings=(found("cracks", class_map),))])

    assert [path.name for path in (tmp_path / "a/masks").iterdir()] == [name]
    assert np.array_equal(read(tmp_path / "a/masks" / name), class_map)


def test_each_task_has_its_folder_and_a_task_that_failed_an_empty_mask_in_it(tmp_path: Path) -> None:
    models = (MODEL, replace(MODEL, task="prints"))
    both = (found("cracks", mask(1)), found("prints", mask(2)))
    folder = MaskFolder(tmp_path)
    folder.commit([shot("a.png", findings=both, models=models)])
    folder.commit([shot("b.png", findings=both[:1], models=models), shot("c.png", models=models)])

    highest = {
        str(path.relative_to(tmp_path)): int(read(path).max()) for path in sorted(tmp_path.rglob("*.png"))
    }
    assert highest == {
        "cracks/a.png": 1,
        "cracks/b.png": 1,
        "cracks/c.png": 0,
        "prints/a.png": 2,
        "prints/b.png": 0,
        "prints/c.png": 0,
    }
    assert read(tmp_path / "prints/c.png").shape == (48, 64)


def test_a_mask_never_replaces_that_of_another_frame(tmp_path: Path) -> None:
    folder = MaskFolder(tmp_path)
    folder.commit([shot("belt.mp4", 1), shot("belt.mp4", 2)])

    with pytest.raises(OutputError, match=r"belt_000001\.png: two inputs give a mask of this name"):
        folder.commit([shot("belt.mp4", 1)])


def test_two_pictures_that_differ_in_their_suffix_have_a_mask_each(tmp_path: Path) -> None:
    MaskFolder(tmp_path).commit([shot("a.bmp", 0), shot("a.png", 1)])

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.png.png"]


def test_masks_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        MaskFolder(tmp_path / "file")
