"""One picture with labelled boxes, and what was wrong with those that are left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.errors import UsageError
from edgevision.types import ImageBgr

__all__ = ["Box", "BoxProblem", "BoxSample", "BoxSet", "Entry", "checked_entry"]

_OUTSIDE_PX = 1.0
"""A box may reach so far over the picture's border: some tools count from 1."""


@dataclass(frozen=True, slots=True)
class BoxProblem:
    """Something that was left out of a set, where it stands and why."""

    file: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        """Return `FILE:LINE: REASON`."""
        return f"{self.file}{'' if self.line is None else f':{self.line}'}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Box:
    """A box as a file says it, before it is believed."""

    label: str
    xyxy: tuple[float, float, float, float]
    """Pixels of the picture; continuous, so that right minus left is the width."""
    line: int | None
    is_difficult: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BoxSample:
    """A picture and its boxes."""

    name: str
    image_bgr: ImageBgr
    boxes_xyxy: npt.NDArray[np.float32]
    """(n, 4), pixels of the picture."""
    class_ids: npt.NDArray[np.int64]
    """(n,); 0 is the first label, there is no background."""
    difficult: npt.NDArray[np.bool_]
    """(n,): finding it is no merit, missing it no fault."""
    reference_bgr: ImageBgr | None = None
    """The same place without defects, of the same size, for pair models."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A usable picture on disk with its checked boxes."""

    name: str
    image_file: Path
    reference_file: Path | None
    boxes_xyxy: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    difficult: npt.NDArray[np.bool_]

    def read(self) -> BoxSample:
        """Decode the picture. Raises UsageError when it is no longer readable."""
        image = _decoded(self.image_file)
        reference = None if self.reference_file is None else _decoded(self.reference_file)
        if image is None or (self.reference_file is not None and reference is None):
            raise UsageError(f"{self.image_file}: expected a picture, cannot decode it any more")
        return BoxSample(self.name, image, self.boxes_xyxy, self.class_ids, self.difficult, reference)


class BoxSet:
    """The pictures of one split, read from disk when asked for. `problems` lists what was left out."""

    def __init__(
        self,
        description: str,
        labels: Sequence[str],
        entries: Sequence[Entry],
        problems: Sequence[BoxProblem],
    ) -> None:
        self.description = description
        """Folder and split, without the path that leads there."""
        self.labels = tuple(labels)
        self.problems = tuple(problems)
        self._entries = tuple(entries)

    def __len__(self) -> int:
        """Return how many usable pictures there are."""
        return len(self._entries)

    def __getitem__(self, index: int) -> BoxSample:
        """Return one picture. Raises UsageError when it is no longer readable."""
        return self._entries[index].read()

    def __iter__(self) -> Iterator[BoxSample]:
        """Yield all pictures in the order of the list."""
        return (entry.read() for entry in self._entries)

    def __add__(self, other: "BoxSet") -> "BoxSet":
        """Return the pictures of both sets, which have the same labels."""
        return BoxSet(
            f"{self.description} and {other.description}",
            self.labels,
            self._entries + other._entries,
            self.problems + other.problems,
        )


def checked_entry(
    name: str,
    files: tuple[Path, Path, Path | None],
    boxes: Sequence[Box],
    labels: Sequence[str],
) -> tuple[Entry | None, list[BoxProblem]]:
    """Keep what can be used of a picture and its boxes.

    Args:
        name: Of the picture.
        files: Annotation file, picture, and the reference picture of pair models.
        boxes: As the annotation file says them.
        labels: The classes to detect.

    Returns:
        The picture with its good boxes, or None where the picture itself is of no use; and what is wrong.
    """
    annotations, image_file, reference_file = files
    shapes = []
    for file in (image_file, reference_file) if reference_file is not None else (image_file,):
        image = _decoded(file)
        if image is None:
            return None, [BoxProblem(file, None, "cannot be decoded as a picture; the picture is left out")]
        shapes.append(image.shape[:2])
    if len(set(shapes)) > 1:
        return None, [BoxProblem(image_file, None, f"its reference is {shapes[1]} pixels, not {shapes[0]}")]
    height, width = shapes[0]
    faults = [_fault(box, (width, height), labels) for box in boxes]
    problems = [
        BoxProblem(annotations, box.line, f"{fault}; the box is left out")
        for box, fault in zip(boxes, faults, strict=True)
        if fault is not None
    ]
    good = [box for box, fault in zip(boxes, faults, strict=True) if fault is None]
    corners = np.array([box.xyxy for box in good], np.float32).reshape(-1, 4)
    entry = Entry(
        name,
        image_file,
        reference_file,
        np.clip(corners, 0, np.array((width, height, width, height), np.float32)),
        np.array([labels.index(box.label) for box in good], np.int64),
        np.array([box.is_difficult for box in good], np.bool_),
    )
    return entry, problems


def _fault(box: Box, size_wh: tuple[int, int], labels: Sequence[str]) -> str | None:
    left, top, right, bottom = box.xyxy
    shown = ", ".join(f"{value:g}" for value in box.xyxy)
    if box.label not in labels:
        return f"class {box.label!r} is not among {', '.join(labels)}"
    if not np.isfinite(box.xyxy).all():
        return f"box {shown} is not made of numbers"
    if right <= left or bottom <= top:
        return f"box {shown} has no area"
    if min(left, top) < -_OUTSIDE_PX or right > size_wh[0] + _OUTSIDE_PX or bottom > size_wh[1] + _OUTSIDE_PX:
        return f"box {shown} reaches outside the picture of {size_wh[0]}x{size_wh[1]}"
    return None


def _decoded(file: Path) -> ImageBgr | None:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(image, np.uint8)
