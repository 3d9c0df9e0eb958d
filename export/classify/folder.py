"""Reads pictures with one class each.

ROOT/SPLIT/CLASS/NAME.jpg                 (.jpeg, .png, .bmp), or
ROOT/images/CLASS_NAME.jpg                with the names of a split in ROOT/ImageSets/*/SPLIT.txt
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgevision.errors import UsageError
from edgevision.types import ImageBgr

__all__ = ["ClassSample", "read_classes"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")


@dataclass(frozen=True, slots=True, eq=False)
class ClassSample:
    """A picture and its class."""

    name: str
    image_bgr: ImageBgr
    class_id: int


def read_classes(root: Path, split: str, labels: Sequence[str]) -> list[ClassSample]:
    """Read one split, in the order of names; pictures of other classes are left out.

    Raises UsageError without pictures of at least two of the classes, or where one cannot be decoded.
    """
    files = sorted(_files(root, split, labels))
    samples = [ClassSample(file.stem, _decoded(file), class_id) for file, class_id in files]
    if len({sample.class_id for sample in samples}) < 2:
        raise UsageError(
            f"{root}, split {split}: expected pictures of at least two of {', '.join(labels)}; expected "
            "SPLIT/CLASS/NAME.jpg, or images/CLASS_NAME.jpg with ImageSets; check --data"
        )
    return samples


def _files(root: Path, split: str, labels: Sequence[str]) -> Iterator[tuple[Path, int]]:
    lists = sorted(root.glob(f"ImageSets/*/{split}.txt"))
    if lists:
        for name in lists[0].read_text("utf-8").split():
            found = [root / "images" / f"{name}{suffix}" for suffix in _SUFFIXES]
            for class_id, label in enumerate(labels):
                if name.startswith(f"{label}_"):
                    yield next((file for file in found if file.is_file()), found[0]), class_id
        return
    for class_id, label in enumerate(labels):
        for file in (root / split / label).glob("*"):
            if file.suffix.lower() in _SUFFIXES:
                yield file, class_id


def _decoded(file: Path) -> ImageBgr:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise UsageError(f"{file}: expected a picture, cannot decode it; remove or replace it")
    return np.asarray(image, np.uint8)
