"""Reads labelled pictures in the folder layout of PASCAL VOC.

    ROOT/images/NAME.jpg (or .jpeg, .png, .bmp)
    ROOT/masks/NAME.png                       one channel of class ids
    ROOT/ImageSets/Segmentation/SPLIT.txt     one NAME per line

A picture that cannot be used is left out and reported with its reason; it never stops a training.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.errors import UsageError
from export.data.sample import Sample

__all__ = ["PictureProblem", "SegmentationSet", "read_names", "resplit"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")


@dataclass(frozen=True, slots=True)
class PictureProblem:
    """A picture that was left out, and why."""

    file: Path
    reason: str


class SegmentationSet:
    """The pictures of one split, held in memory. `problems` lists those that were left out."""

    def __init__(self, root: Path, names: Sequence[str], labels: Sequence[str], split: str) -> None:
        self._labels = tuple(labels)
        self._split = split
        self._root = root
        read = [_read(root, name, len(self._labels)) for name in names]
        self._samples = [sample for sample in read if isinstance(sample, Sample)]
        self.problems = [problem for problem in read if isinstance(problem, PictureProblem)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Index is the class id; 0 is background."""
        return self._labels

    @property
    def description(self) -> str:
        """Folder and split, without the path that leads there."""
        return f"{self._root.name}, split {self._split}"

    def __len__(self) -> int:
        """Return how many usable pictures there are."""
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        """Return one picture."""
        return self._samples[index]

    def __iter__(self) -> Iterator[Sample]:
        """Yield all pictures in the order of the list."""
        return iter(self._samples)

    def at_epoch(self, epoch: int) -> "SegmentationSet":  # noqa: ARG002
        """Return itself: a folder is the same in every epoch."""
        return self


def _read(root: Path, name: str, classes: int) -> Sample | PictureProblem:
    image_file, mask_file = _find_image(root, name), root / "masks" / f"{name}.png"
    if image_file is None:
        return PictureProblem(root / "images" / name, f"no picture with one of {', '.join(_SUFFIXES)}")
    if not mask_file.is_file():
        return PictureProblem(mask_file, "no such mask")
    image = cv2.imread(str(image_file), cv2.IMREAD_COLOR)
    if image is None:
        return PictureProblem(image_file, "cannot be decoded")
    mask = cv2.imread(str(mask_file), cv2.IMREAD_UNCHANGED)
    if mask is None:
        return PictureProblem(mask_file, "cannot be decoded")
    reason = _mask_fault(mask, image.shape[:2], classes)
    if reason is not None:
        return PictureProblem(mask_file, reason)
    return Sample(name, np.asarray(image, np.uint8), np.asarray(mask, np.uint8))


def _find_image(root: Path, name: str) -> Path | None:
    candidates = (root / "images" / f"{name}{suffix}" for suffix in _SUFFIXES)
    return next((file for file in candidates if file.is_file()), None)


def _mask_fault(mask: npt.NDArray[Any], size: tuple[int, ...], classes: int) -> str | None:
    if mask.ndim != 2 or mask.dtype != np.uint8:
        return f"expected one channel of 8 bit class ids, got {mask.shape} {mask.dtype}"
    if mask.shape != size:
        return f"expected the picture's size {size[1]}x{size[0]}, got {mask.shape[1]}x{mask.shape[0]}"
    unknown = sorted(int(value) for value in np.unique(mask) if value >= classes)
    return f"class ids {unknown[:5]} are not among the {classes} labels" if unknown else None


def read_names(root: Path, split: str) -> tuple[str, ...]:
    """Return the names of `ImageSets/Segmentation/SPLIT.txt`. Raises UsageError when there are none."""
    file = root / "ImageSets" / "Segmentation" / f"{split}.txt"
    try:
        names = tuple(line.strip() for line in file.read_text("utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: expected a list of picture names, got {error}; check --data") from error
    if not names:
        raise UsageError(f"{file}: expected one picture name per line, got an empty file")
    return names


def resplit(names: Sequence[str], shares: Sequence[int], seed: int) -> list[tuple[str, ...]]:
    """Split pictures anew at random, whatever object they show, class by class of the name's prefix.

    Published figures are often measured this way, although pictures of one object then lie on
    both sides. Use it to compare with such figures only.

    Args:
        names: All names; what stands before the first underscore is taken as the class.
        shares: Size of each part relative to the others.
        seed: The same seed gives the same parts.
    """
    rng = np.random.default_rng(seed)
    parts: list[list[str]] = [[] for _ in shares]
    bounds = np.cumsum(shares)[:-1] / sum(shares)
    for kind in sorted({name.split("_", 1)[0] for name in names}):
        group = sorted(name for name in names if name.split("_", 1)[0] == kind)
        order = [group[index] for index in rng.permutation(len(group))]
        cuts = [0, *np.rint(bounds * len(order)).astype(int).tolist(), len(order)]
        for part, start, end in zip(parts, cuts[:-1], cuts[1:], strict=True):
            part.extend(order[start:end])
    return [tuple(sorted(part)) for part in parts]
