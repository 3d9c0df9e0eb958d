"""Reads the `truth.csv` of an image folder: what is known about its images beforehand.

Columns: `file`, `truth` (OK or NG) and optionally `mask`, a one-channel picture of class ids.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgevision.errors import CaptureError
from edgevision.types import ClassMap, Judgement, Truth

__all__ = ["TRUTH_FILE", "KnownTruth", "read_truth"]

TRUTH_FILE = "truth.csv"

_REMEDY = "expected the columns file,truth[,mask] with truth OK or NG"


@dataclass(frozen=True, slots=True)
class KnownTruth:
    """One row: the judgement of a file, its mask where there is one, and where the row stands."""

    judgement: Judgement
    mask: Path | None
    where: str

    def load(self, size_wh: tuple[int, int]) -> Truth:
        """Return the truth of an image of that size, with its mask read.

        Raises:
            CaptureError: The mask cannot be read or has another size.
        """
        if self.mask is None:
            return Truth(self.judgement)
        class_map = _read_mask(self.mask, self.where)
        if class_map.shape[::-1] != size_wh:
            got = f"{class_map.shape[1]} x {class_map.shape[0]}"
            msg = (
                f"{self.where}: expected mask {self.mask.name} in the size of its image, "
                f"{size_wh[0]} x {size_wh[1]}, got {got}"
            )
            raise CaptureError(msg)
        return Truth(self.judgement, class_map)


def read_truth(folder: Path) -> dict[str, KnownTruth]:
    """Return the rows of the folder's truth file by image name; empty where there is no such file.

    Raises:
        CaptureError: A row is wrong; names file and line.
    """
    path = folder / TRUTH_FILE
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            _check_columns(path, rows.fieldnames or [])
            known: dict[str, KnownTruth] = {}
            for row in rows:
                _add(known, row, f"{path}, line {rows.line_num}", folder)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: expected a readable UTF-8 CSV file, got: {error}; {_REMEDY}"
        raise CaptureError(msg) from error
    return known


def _check_columns(path: Path, names: object) -> None:
    if names not in (["file", "truth"], ["file", "truth", "mask"]):
        got = ",".join(str(name) for name in names) if isinstance(names, list) else ""
        msg = f"{path}, line 1: {_REMEDY}, got {got or 'an empty file'}"
        raise CaptureError(msg)


def _add(
    known: dict[str, KnownTruth], row: Mapping[str | None, str | list[str] | None], where: str, folder: Path
) -> None:
    file, truth, mask = row["file"], row["truth"], row.get("mask")
    if None in row or not isinstance(file, str) or truth not in ("OK", "NG"):
        msg = f"{where}: {_REMEDY}, got file {file!r}, truth {truth!r}" + (
            " and further fields" if None in row else ""
        )
        raise CaptureError(msg)
    if file in known:
        msg = f"{where}: expected each file once, got {file} again, first in {known[file].where}"
        raise CaptureError(msg)
    if not (folder / file).is_file():
        msg = f"{where}: expected the name of an image in {folder}, got {file!r}, which is not there"
        raise CaptureError(msg)
    known[file] = KnownTruth(Judgement(truth), folder / str(mask) if mask else None, where)


def _read_mask(path: Path, where: str) -> ClassMap:
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
        mask = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    except (OSError, cv2.error) as error:
        msg = f"{where}: expected a readable mask {path}, got: {str(error).strip()}"
        raise CaptureError(msg) from error
    if mask is None or mask.ndim != 2 or mask.dtype != np.uint8:
        got = "no picture" if mask is None else f"{mask.shape} {mask.dtype}"
        msg = f"{where}: expected mask {path} with one 8-bit channel of class ids, got {got}"
        raise CaptureError(msg)
    return mask.astype(np.uint8, copy=False)
