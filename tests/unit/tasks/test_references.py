from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.errors import InspectionError
from edgevision.ports import References
from edgevision.tasks.references import OneReference, open_references
from edgevision.types import Frame
from tests.boards import board, moved

Image = npt.NDArray[np.uint8]
WHOLE = (0, 0, 480, 360)


def frame(image: Image, file: str | None = None) -> Frame:
    return Frame(image, "cam1", 0, 0, 0, file=file)


def save(path: Path, image: Image) -> None:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), image)


def test_one_reference_serves_every_frame(tmp_path: Path) -> None:
    save(tmp_path / "good.png", board())
    references = open_references(tmp_path, "good.png")

    for shift in (0, 5, -9):
        picture = np.roll(board(), shift, axis=1)
        laid = references.registered(frame(picture), WHOLE)
        assert np.array_equal(laid[:, 12:-12], picture[:, 12:-12])


def test_only_the_region_is_laid_over() -> None:
    box = (100, 60, 400, 300)
    picture = np.roll(board(), 4, axis=0)

    laid = OneReference(board()).registered(frame(picture), box)

    assert laid.shape == (240, 300, 3)
    assert np.array_equal(laid[8:-8], picture[68:292, 100:400])


def test_each_file_may_have_its_own_reference(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(tmp_path / "good" / f"{name}.png", board(seed=len(name) + ord(name[0])))
    references: References = open_references(tmp_path, "good/{stem}.png")

    for name in ("one", "two"):
        picture = board(seed=len(name) + ord(name[0]))
        assert np.array_equal(references.registered(frame(picture, f"{name}.jpg"), WHOLE), picture)


def test_a_missing_or_damaged_reference_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "empty.png").touch()

    with pytest.raises(InspectionError, match=r"expected a picture at .*absent\.png, got: No such file"):
        open_references(tmp_path, "absent.png")
    with pytest.raises(InspectionError, match=r"bad\.png cannot be decoded"):
        open_references(tmp_path, "bad.png")
    with pytest.raises(InspectionError, match=r"empty\.png cannot be decoded"):
        open_references(tmp_path, "empty.png")
    with pytest.raises(InspectionError, match=r"expected a picture at .*x\.png"):
        open_references(tmp_path, "{stem}.png").registered(frame(board(), "x.jpg"), WHOLE)


def test_a_frame_without_a_name_has_no_reference_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(InspectionError, match="expected frames from image files"):
        open_references(tmp_path, "{stem}.png").registered(frame(board()), WHOLE)


def test_a_reference_of_another_size_does_not_fit() -> None:
    with pytest.raises(InspectionError, match="expected 480 x 360 pixels like the frame, got 240 x 180"):
        OneReference(board(size_wh=(240, 180))).registered(frame(board()), WHOLE)


@pytest.mark.parametrize("picture", [board(seed=99), np.full((360, 480, 3), 90, np.uint8)])
def test_another_part_cannot_be_decided(picture: Image) -> None:
    with pytest.raises(InspectionError, match=r"expected a correlation of at least 0\.7"):
        OneReference(board()).registered(frame(picture), WHOLE)


def test_a_part_far_from_its_place_cannot_be_decided() -> None:
    picture, _ = moved(board(), 0.0, (70, 0))

    with pytest.raises(InspectionError, match=r"at most 48 px and 10 degrees away .*got 7[01] px"):
        OneReference(board()).registered(frame(picture), WHOLE)
