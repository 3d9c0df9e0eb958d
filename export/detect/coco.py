"""Reads labelled boxes in COCO's JSON.

    ROOT/annotations/SPLIT.json (or instances_SPLIT.json)
    ROOT/SPLIT/FILE.jpg (or images/FILE.jpg)

Class names come from `categories`; crowds count as difficult.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from json.decoder import JSONObject  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

from edgevision.errors import UsageError
from export.detect.sample import Box, BoxProblem, BoxSet, Entry, checked_entry

__all__ = ["coco_labels", "read_coco"]

_LINE = "\0line"


def read_coco(root: Path, split: str, labels: Sequence[str]) -> BoxSet:
    """Read one split; what cannot be used is left out and listed in the set's `problems`.

    Raises:
        UsageError: there is no such file, or it is no COCO file.
    """
    file = _file(root, split)
    document = _document(file)
    names = _category_names(document)
    boxes: dict[Any, list[Box]] = {}
    problems: list[BoxProblem] = []
    for annotation in document["annotations"]:
        box = _box(file, annotation, names)
        if isinstance(box, BoxProblem):
            problems.append(box)
        else:
            boxes.setdefault(annotation.get("image_id"), []).append(box)
    folders = [root / folder for folder in (split, "images", "")]
    entries: list[Entry] = []
    for image in document["images"]:
        entry, found = _entry(file, folders, image, boxes.pop(image.get("id"), []), labels)
        problems += found
        entries += [] if entry is None else [entry]
    problems += [
        BoxProblem(file, box.line, "names a picture that is not listed; the box is left out")
        for unlisted in boxes.values()
        for box in unlisted
    ]
    return BoxSet(f"{root.name}, split {split}", labels, entries, problems)


def coco_labels(root: Path, split: str) -> tuple[str, ...]:
    """Return the category names in the order of their ids. Raises UsageError."""
    names = _category_names(_document(_file(root, split)))
    return tuple(names[key] for key in sorted(names))


def _file(root: Path, split: str) -> Path:
    candidates = [root / "annotations" / f"{prefix}{split}.json" for prefix in ("", "instances_")]
    return next((file for file in candidates if file.is_file()), candidates[0])


def _document(file: Path) -> dict[str, Any]:
    """Return the file's values; every object also says in which line it begins."""
    try:
        text = file.read_text("utf-8")
        document = _LineDecoder(text).decode(text)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{file}: expected annotations as COCO's JSON, got: {error}") from error
    parts = ("images", "annotations", "categories")
    if not isinstance(document, dict) or not all(_is_list_of_objects(document.get(part)) for part in parts):
        raise UsageError(f"{file}: expected lists of objects under {', '.join(parts)}; is it COCO's JSON?")
    return document


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


class _LineDecoder(json.JSONDecoder):
    """Notes in every object the line in which it begins: the standard decoder keeps no places."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._ends = [index for index, character in enumerate(text) if character == "\n"]
        self.parse_object = self._object
        self.scan_once = py_make_scanner(self)

    def _object(self, s_and_end: tuple[str, int], *rest: Any) -> tuple[dict[str, Any], int]:
        values, end = JSONObject(s_and_end, *rest)
        values[_LINE] = bisect_right(self._ends, s_and_end[1] - 1) + 1
        return values, end


def _category_names(document: Mapping[str, Any]) -> dict[Any, str]:
    return {category.get("id"): str(category.get("name")) for category in document["categories"]}


def _box(file: Path, annotation: Mapping[str, Any], names: Mapping[Any, str]) -> Box | BoxProblem:
    line = annotation[_LINE]
    try:
        left, top, width, height = (float(value) for value in annotation["bbox"])
    except (KeyError, TypeError, ValueError):
        got = annotation.get("bbox")
        return BoxProblem(file, line, f"expected bbox as four numbers, got {got}; the box is left out")
    category = annotation.get("category_id")
    if category not in names:
        return BoxProblem(file, line, f"category {category} is not listed; the box is left out")
    corners = (left, top, left + width, top + height)
    return Box(names[category], corners, line, is_difficult=bool(annotation.get("iscrowd")))


def _entry(
    file: Path, folders: Sequence[Path], image: Mapping[str, Any], boxes: list[Box], labels: Sequence[str]
) -> tuple[Entry | None, list[BoxProblem]]:
    name = str(image.get("file_name", ""))
    picture = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if picture is None:
        return None, [BoxProblem(file, image[_LINE], f"no picture {name!r}; it is left out")]
    return checked_entry(Path(name).stem, (file, picture, None), boxes, labels)
