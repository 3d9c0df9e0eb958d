from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.errors import UsageError
from export.data.folder import SegmentationSet, read_names, resplit

LABELS = ("background", "crack", "pit")


def write_picture(root: Path, name: str, mask: np.ndarray | None, size: tuple[int, int] = (20, 30)) -> None:
    (root / "images").mkdir(parents=True, exist_ok=True)
    (root / "masks").mkdir(exist_ok=True)
    cv2.imwrite(str(root / "images" / f"{name}.png"), np.full((*size, 3), 90, np.uint8))
    if mask is not None:
        cv2.imwrite(str(root / "masks" / f"{name}.png"), mask)


def mask_of(class_id: int, size: tuple[int, int] = (20, 30)) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    mask[5:9, 5:9] = class_id
    return mask


def test_reads_pictures_with_their_class_ids(tmp_path: Path) -> None:
    write_picture(tmp_path, "a", mask_of(2))

    samples = SegmentationSet(tmp_path, ["a"], LABELS, "train")

    assert [sample.name for sample in samples] == ["a"]
    assert samples[0].image_bgr.shape == (20, 30, 3)
    assert int((samples[0].class_map == 2).sum()) == 16
    assert samples.problems == []


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (None, "no such mask"),
        (mask_of(1, (30, 20)), "expected the picture's size 30x20, got 20x30"),
        (mask_of(7), "class ids [7] are not among the 3 labels"),
        (np.zeros((20, 30, 3), np.uint8), "expected one channel"),
    ],
)
def test_a_useless_mask_is_left_out_with_its_reason(
    tmp_path: Path, mask: np.ndarray | None, reason: str
) -> None:
    write_picture(tmp_path, "good", mask_of(1))
    write_picture(tmp_path, "bad", mask)

    samples = SegmentationSet(tmp_path, ["bad", "good"], LABELS, "train")

    assert [sample.name for sample in samples] == ["good"]
    assert samples.problems[0].file == tmp_path / "masks" / "bad.png"
    assert reason in samples.problems[0].reason


def test_a_missing_or_damaged_picture_is_left_out_with_its_reason(tmp_path: Path) -> None:
    write_picture(tmp_path, "damaged", mask_of(1))
    (tmp_path / "images" / "damaged.png").write_bytes(b"not a picture")

    samples = SegmentationSet(tmp_path, ["missing", "damaged"], LABELS, "train")

    assert len(samples) == 0
    assert [problem.reason.split()[0] for problem in samples.problems] == ["no", "cannot"]


def test_a_missing_or_empty_list_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"train\.txt.*--data"):
        read_names(tmp_path, "train")
    (tmp_path / "ImageSets" / "Segmentation").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Segmentation" / "train.txt").write_text("\n")
    with pytest.raises(UsageError, match="empty"):
        read_names(tmp_path, "train")


def test_a_split_by_picture_keeps_every_picture_once_and_the_share_of_each_class() -> None:
    names = [f"{kind}_{index}" for kind, count in (("crack", 20), ("free", 40)) for index in range(count)]

    train, val = resplit(names, (3, 1), seed=4)

    assert sorted(train + val) == sorted(names)
    assert sum(name.startswith("crack") for name in val) == 5
    assert resplit(names, (3, 1), seed=4) == [train, val]
    assert resplit(names, (3, 1), seed=5) != [train, val]
