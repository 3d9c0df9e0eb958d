"""The pictures a model is calibrated with and the held-out ones it is judged by; never the same.

Understands the sample line, a folder with image sets and masks, and a plain folder of pictures.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import cv2
import numpy as np

from edgevision.capture.sample import CLASS_NAMES, render_part
from edgevision.errors import UsageError
from edgevision.types import ImageBgr
from export.data.folder import SegmentationSet, read_names
from export.data.sample import Sample
from export.train.config import TrainConfig
from export.train.sets import open_sets

__all__ = [
    "Materials",
    "evenly",
    "line_parts",
    "line_seed",
    "materials_of_folder",
    "materials_of_line",
    "materials_of_plain_folder",
    "materials_of_training",
    "open_materials",
]

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
_LINE = "sample:"
Picture = TypeVar("Picture")


@dataclass(frozen=True, slots=True, eq=False)
class Materials(Generic[Picture]):
    """Pictures for one model."""

    calibration: Sequence[Picture]
    calibration_name: str
    held_out: Sequence[Picture]
    held_out_name: str
    has_truth: bool = True
    """False when it is unknown what `held_out` shows; then it is labelled as if without defects."""


def open_materials(
    source: str | None, labels: Sequence[str], config: dict[str, Any], *, calibration: int, held_out: int
) -> Materials[Sample]:
    """Open what `--data` names.

    Args:
        source: `sample:SEED`, a folder, or None for what the model was trained with.
        labels: Of the model.
        config: The training configuration as plain values; empty when there is none.
        calibration: Most pictures to calibrate with.
        held_out: Most pictures to judge by.

    Raises:
        UsageError: there are no usable pictures.
    """
    seed = None if source is None else line_seed(source)
    if seed is not None:
        return materials_of_line(seed, labels, calibration, held_out)
    folder = None if source is None else Path(source)
    if config:
        return materials_of_training(TrainConfig.model_validate(config), folder, calibration, held_out)
    if folder is None:
        raise UsageError("expected pictures to calibrate with and to judge by; name them with --data")
    return materials_of_folder(folder, labels, calibration, held_out)


def materials_of_line(seed: int, labels: Sequence[str], calibration: int, held_out: int) -> Materials[Sample]:
    """Return parts of one line of the built-in sample line: the first to calibrate, the next to judge."""
    parts = list(line_parts(seed, calibration + held_out, labels))
    name = f"sample line, seed {seed}"
    return Materials(parts[:calibration], f"{name}, {calibration} parts", parts[calibration:], name)


def materials_of_training(
    config: TrainConfig, folder: Path | None, calibration: int, held_out: int
) -> Materials[Sample]:
    """Return pictures of the training set to calibrate, and of the validation set to judge."""
    train, val = open_sets(config, folder)
    return Materials(
        [train[index] for index in evenly(len(train), calibration)],
        train.description,
        [val[index] for index in evenly(len(val), held_out)],
        val.description,
    )


def materials_of_folder(
    folder: Path, labels: Sequence[str], calibration: int, held_out: int
) -> Materials[Sample]:
    """Return the splits train and val of a labelled folder, or every other picture of a plain one."""
    if not (folder / "ImageSets").is_dir():
        return materials_of_plain_folder(folder, calibration, held_out, _unlabelled)
    parts = {}
    for split, count in (("train", calibration), ("val", held_out)):
        names = read_names(folder, split)
        chosen = [names[index] for index in evenly(len(names), count)]
        parts[split] = SegmentationSet(folder, chosen, labels, split)
        if len(parts[split]) == 0:
            problem = parts[split].problems[0]
            raise UsageError(f"{folder}, split {split}: no usable picture; {problem.file}: {problem.reason}")
    train, val = parts["train"], parts["val"]
    return Materials(list(train), train.description, list(val), val.description)


def line_parts(seed: int, parts: int, labels: Sequence[str]) -> Iterator[Sample]:
    """Yield parts of the built-in sample line. Raises UsageError when the model knows other labels."""
    if tuple(labels) != CLASS_NAMES:
        raise UsageError(
            f"the sample line shows {', '.join(CLASS_NAMES)}; the model knows {', '.join(labels)}"
        )
    return (_part(seed, index) for index in range(parts))


def line_seed(source: str) -> int | None:
    """Return the seed of `sample:SEED`, or None for anything else. Raises UsageError without a number."""
    if not source.startswith(_LINE):
        return None
    text = source.removeprefix(_LINE)
    if not text.isdecimal():
        raise UsageError(f"{source}: expected sample:SEED with a whole number, such as sample:7")
    return int(text)


def evenly(available: int, wanted: int) -> list[int]:
    """Return at most `wanted` different indices, spread over `available`."""
    if wanted >= available:
        return list(range(available))
    return [index * available // wanted for index in range(wanted)]


def materials_of_plain_folder(
    folder: Path, calibration: int, held_out: int, unlabelled: Callable[[str, ImageBgr], Picture]
) -> Materials[Picture]:
    """Return every other picture to calibrate with, and the rest to judge by.

    `unlabelled` makes a sample of a name and a picture. Raises UsageError without usable pictures.
    """
    files = sorted(file for file in folder.glob("*") if file.suffix.lower() in _SUFFIXES)
    if len(files) < 2:
        raise UsageError(
            f"{folder}: expected at least 2 pictures ({', '.join(sorted(_SUFFIXES))}), got {len(files)}"
        )
    first, second = files[::2], files[1::2]
    return Materials(
        [unlabelled(first[i].stem, _read(first[i])) for i in evenly(len(first), calibration)],
        folder.name,
        [unlabelled(second[i].stem, _read(second[i])) for i in evenly(len(second), held_out)],
        folder.name,
        has_truth=False,
    )


def _read(file: Path) -> ImageBgr:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise UsageError(f"{file}: expected a picture, cannot decode it; remove or replace it")
    return np.asarray(image, np.uint8)


def _unlabelled(name: str, image_bgr: ImageBgr) -> Sample:
    return Sample(name, image_bgr, np.zeros(image_bgr.shape[:2], np.uint8))


def _part(seed: int, index: int) -> Sample:
    frame = render_part(seed, index)
    assert frame.truth is not None
    assert frame.truth.class_map is not None
    return Sample(f"part-{index:06d}", frame.image_bgr, frame.truth.class_map)
