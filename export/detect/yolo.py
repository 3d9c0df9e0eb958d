"""Reads labelled boxes in the text files of YOLO.

ROOT/data.yaml                            `names`: a list, or a mapping from 0, 1, …
ROOT/images/SPLIT/NAME.jpg                (.jpeg, .png, .bmp)
ROOT/labels/SPLIT/NAME.txt                class cx cy w h, as shares of the picture; absent: no objects
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import yaml

from edgevision.errors import UsageError
from export.detect.sample import Box, BoxProblem, BoxSet, Entry, checked_entry

__all__ = ["read_yolo", "yolo_labels"]

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


def read_yolo(root: Path, split: str, labels: Sequence[str]) -> BoxSet:
    """Read one split; what cannot be used is left out and listed in the set's `problems`.

    Raises:
        UsageError: there are no pictures, or no `data.yaml` with names.
    """
    names = yolo_labels(root)
    folder = root / "images" / split
    pictures = sorted(file for file in folder.glob("*") if file.suffix.lower() in _SUFFIXES)
    if not pictures:
        raise UsageError(f"{folder}: expected pictures, found none; check --data and the split")
    entries: list[Entry] = []
    problems: list[BoxProblem] = []
    for picture in pictures:
        entry, found = _entry(root / "labels" / split / f"{picture.stem}.txt", picture, names, labels)
        problems += found
        entries += [] if entry is None else [entry]
    return BoxSet(f"{root.name}, split {split}", labels, entries, problems)


def yolo_labels(root: Path) -> tuple[str, ...]:
    """Return the names of `data.yaml`. Raises UsageError."""
    file = root / "data.yaml"
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file}: expected YAML with the names of the classes, got: {error}") from error
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, dict):
        names = [names.get(index) for index in range(len(names))]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{file}: expected names as a list, or numbered from 0, got {names!r}")
    return tuple(names)


def _entry(
    file: Path, picture: Path, names: Sequence[str], labels: Sequence[str]
) -> tuple[Entry | None, list[BoxProblem]]:
    image = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if image is None:
        return None, [BoxProblem(picture, None, "cannot be decoded as a picture; the picture is left out")]
    size_wh = (image.shape[1], image.shape[0])
    try:
        lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        return None, [BoxProblem(file, None, f"cannot be read: {error}; the picture is left out")]
    read = [_box(file, number, line, size_wh, names) for number, line in enumerate(lines, 1) if line.strip()]
    boxes = [item for item in read if isinstance(item, Box)]
    entry, problems = checked_entry(picture.stem, (file, picture, None), boxes, labels)
    return entry, [item for item in read if isinstance(item, BoxProblem)] + problems


def _box(
    file: Path, number: int, line: str, size_wh: tuple[int, int], names: Sequence[str]
) -> Box | BoxProblem:
    try:
        class_id, x, y, width, height = (float(value) for value in line.split())
    except ValueError:
        return BoxProblem(file, number, f"expected class cx cy w h, got {line.strip()!r}; it is left out")
    if not class_id.is_integer() or not 0 <= class_id < len(names):
        return BoxProblem(file, number, f"class {class_id:g} is not among {len(names)}; the box is left out")
    corners = (
        (x - width / 2) * size_wh[0],
        (y - height / 2) * size_wh[1],
        (x + width / 2) * size_wh[0],
        (y + height / 2) * size_wh[1],
    )
    return Box(names[int(class_id)], corners, number)
