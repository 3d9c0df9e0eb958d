"""Opens a folder of labelled boxes, whatever its format."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from edgevision.errors import UsageError
from export.detect.coco import coco_labels, read_coco
from export.detect.sample import BoxSet
from export.detect.voc import read_voc, voc_labels
from export.detect.yolo import read_yolo, yolo_labels

__all__ = ["Format", "format_of", "is_labelled", "labels_of", "read_boxes", "read_splits"]

Format = Literal["voc", "coco", "yolo"]

_MARKS: tuple[tuple[str, Format], ...] = (
    ("ImageSets", "voc"),
    ("annotations", "coco"),
    ("data.yaml", "yolo"),
)


def is_labelled(root: Path) -> bool:
    """Whether a folder holds labels in a known format."""
    return any((root / mark).exists() for mark, _ in _MARKS)


def format_of(root: Path) -> Format:
    """Tell the format by what lies in the folder. Raises UsageError when nothing known does."""
    for mark, name in _MARKS:
        if (root / mark).exists():
            return name
    marks = ", ".join(f"{mark} ({name})" for mark, name in _MARKS)
    raise UsageError(f"{root}: expected a folder of labelled boxes with one of {marks}; check --data")


def labels_of(root: Path, split: str) -> tuple[str, ...]:
    """Return the classes of a folder. Raises UsageError."""
    match format_of(root):
        case "voc":
            return voc_labels(root, split)
        case "coco":
            return coco_labels(root, split)
        case "yolo":
            return yolo_labels(root)


def read_boxes(root: Path, split: str, labels: Sequence[str], *, pairs: bool = False) -> BoxSet:
    """Read one split.

    Args:
        root: The folder.
        split: Name of the split.
        labels: The classes to detect.
        pairs: Whether each picture needs its reference, which only VOC folders can hold.

    Raises:
        UsageError: nothing usable is there.
    """
    name = format_of(root)
    if pairs and name != "voc":
        raise UsageError(f"{root}: expected a VOC folder with templates/ for a pair model, got {name}")
    match name:
        case "voc":
            samples = read_voc(root, split, labels, pairs=pairs)
        case "coco":
            samples = read_coco(root, split, labels)
        case "yolo":
            samples = read_yolo(root, split, labels)
    if len(samples) == 0:
        first = f"; the first problem: {samples.problems[0]}" if samples.problems else ""
        raise UsageError(f"{root}, split {split}: no usable picture{first}")
    return samples


def read_splits(root: Path, splits: Sequence[str], labels: Sequence[str], *, pairs: bool = False) -> BoxSet:
    """Read several splits as one set, see `read_boxes`. Raises UsageError."""
    first, *others = (read_boxes(root, split, labels, pairs=pairs) for split in splits)
    return sum(others, start=first)
