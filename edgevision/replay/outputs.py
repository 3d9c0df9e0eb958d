"""What a replay writes besides video: result lines and class-id masks. Sinks only."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import cv2
import numpy as np

from edgevision.capture.address import IMAGE_SUFFIXES
from edgevision.errors import OutputError
from edgevision.messages import encoded_result
from edgevision.types import ClassMap, Inspected, Inspection

__all__ = ["MaskFolder", "ResultLines", "result_line"]


class ResultLines:
    """One JSON line per inspection: the result message as the station would publish it."""

    def __init__(self, path: Path, station: str) -> None:
        """Create or empty `path`; raises OutputError."""
        self._path = path
        self._station = station
        try:
            self._file: IO[bytes] = path.open("wb")
        except OSError as error:
            raise _unwritable(path, error) from error

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Write the lines."""
        try:
            for inspected in batch:
                self._file.write(result_line(inspected.inspection, self._station))
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as failure:
            raise _unwritable(self._path, failure) from failure


def result_line(inspection: Inspection, station: str) -> bytes:
    """Return the line of an inspection, with its newline."""
    return encoded_result(inspection, station=station) + b"\n"


class MaskFolder:
    """One PNG of class ids per frame, all background where a task failed.

    A picture `part.jpg` gives `part.png`, or `part.jpg.png` where that name is taken; frame 7 of
    `belt.mp4` gives `belt_000007.png`. With more than one task each has its folder.
    """

    def __init__(self, folder: Path) -> None:
        """Create the folder; raises OutputError."""
        self._folder = folder
        self._written: set[Path] = set()
        _make_folder(folder)

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Write the masks."""
        for inspected in batch:
            maps = {findings.task: findings.class_map for findings in inspected.inspection.findings}
            tasks = [model.task for model in inspected.inspection.models]
            for task in tasks:
                folder = self._folder / task if len(tasks) > 1 else self._folder
                _make_folder(folder)
                class_map = maps.get(task)
                if class_map is None:
                    class_map = np.zeros(inspected.seen.image_bgr.shape[:2], np.uint8)
                self._save(self._free_path(folder, inspected), class_map)

    def _free_path(self, folder: Path, inspected: Inspected) -> Path:
        path, file = folder / _mask_name(inspected), inspected.seen.file
        if path in self._written and file is not None and _is_picture(file):
            return folder / f"{Path(file).name}.png"
        return path

    def _save(self, path: Path, class_map: ClassMap) -> None:
        if path in self._written:
            raise OutputError(
                f"{path}: two inputs give a mask of this name; rename one, or replay each into its own "
                "--masks DIR"
            )
        self._written.add(path)
        _, png = cv2.imencode(".png", class_map)
        try:
            path.write_bytes(png.tobytes())
        except OSError as error:
            raise _unwritable(path, error) from error


def _mask_name(inspected: Inspected) -> str:
    frame = inspected.seen
    stem = Path(frame.file).stem if frame.file else frame.camera
    return f"{stem}.png" if _is_picture(frame.file) else f"{stem}_{frame.frame_id:06d}.png"


def _is_picture(file: str | None) -> bool:
    return file is not None and Path(file).suffix.lower() in IMAGE_SUFFIXES


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror}; choose another place or free space")
