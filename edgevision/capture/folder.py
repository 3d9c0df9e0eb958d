"""Images as a source: a folder in natural order of names, evidence, or one single image.

An unreadable image is passed over and reported at the end. Folders inside are not entered, but those
of evidence: a station's folder, or one day of it, gives the originals of all its days and judgements.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edgevision.capture.address import IMAGE_SUFFIXES
from edgevision.capture.truth import KnownTruth, read_truth
from edgevision.errors import CaptureError, TruncatedInput
from edgevision.types import Frame, ImageBgr, Judgement

__all__ = ["FolderSource", "decoded", "natural_order", "printable_name"]

_NAMED_AT_MOST = 10
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class FolderSource:
    """The images of a folder with what its `truth.csv` knows, or one image.

    `wall_ns` is the frame id: images have no time of their own.
    """

    def __init__(self, path: Path, camera: str) -> None:
        """Look at nothing yet."""
        self._path = path
        self._camera = camera
        self._files: tuple[Path, ...] = ()
        self._remaining: Iterator[Path] = iter(())
        self._truth: dict[str, KnownTruth] = {}
        self._unreadable: list[str] = []
        self._frame_id = 0

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    @property
    def is_live(self) -> bool:
        """False: images wait."""
        return False

    @property
    def frames_expected(self) -> int | None:
        """How many images there are; None before `open`."""
        return len(self._files) or None

    def open(self) -> None:
        """List the images and read `truth.csv`; raises CaptureError."""
        try:
            folder = self._path if self._path.is_dir() else self._path.parent
            self._truth = read_truth(folder)
            self._files = self._list()
        except OSError as error:
            raise CaptureError(f"{self._path}: cannot be read: {error}; check the rights") from error
        self._remaining = iter(self._files)
        self._unreadable = []
        self._frame_id = 0

    def read(self) -> Frame | None:
        """Return the next readable image.

        Raises:
            TruncatedInput: Once at the end, naming the images that could not be read.
        """
        for path in self._remaining:
            started_ns = time.monotonic_ns()
            image_bgr = decoded(path)
            if image_bgr is not None:
                return self._frame(image_bgr, path, time.monotonic_ns() - started_ns)
            self._unreadable.append(path.name)
        if len(self._unreadable) == len(self._files):
            raise CaptureError(f"{self._path}: none of its images can be decoded; check what wrote them")
        if self._unreadable:
            raise self._report()
        return None

    def close(self) -> None:
        """Forget the images that were not read."""
        self._remaining = iter(())
        self._unreadable = []

    def _list(self) -> tuple[Path, ...]:
        masks = {known.mask for known in self._truth.values()}
        files = [path for path in _images_in(self._path) if path not in masks]
        found = sorted(files, key=lambda path: natural_order(path.name))
        if not found and self._path.is_dir():
            found = _evidence_in(self._path)
        if not found:
            suffixes = ", ".join(sorted(IMAGE_SUFFIXES))
            msg = (
                f"{self._path}: expected an image or a folder that holds images ({suffixes}), got none there"
            )
            raise CaptureError(msg)
        return tuple(found)

    def _frame(self, image_bgr: ImageBgr, path: Path, acquire_ns: int) -> Frame:
        height, width = image_bgr.shape[:2]
        known = self._truth.get(path.name)
        truth = known.load((width, height)) if known else None
        frame_id = self._frame_id
        self._frame_id += 1
        return Frame(
            image_bgr,
            self._camera,
            frame_id,
            captured_ns=0,
            wall_ns=frame_id,
            file=printable_name(path),
            truth=truth,
            acquire_ns=acquire_ns,
        )

    def _report(self) -> TruncatedInput:
        bad, self._unreadable = self._unreadable, []
        named = ", ".join(bad[:_NAMED_AT_MOST])
        if len(bad) > _NAMED_AT_MOST:
            named += f" and {len(bad) - _NAMED_AT_MOST} more"
        return TruncatedInput(
            f"{self._path}: expected {len(self._files)} readable images, read {len(self._files) - len(bad)}; "
            f"damaged or no images: {named}; replace or remove them"
        )


def printable_name(path: Path) -> str:
    """Return the file's name as text, with bytes that are no UTF-8 escaped."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def natural_order(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a sort key that puts `part2` before `part10`; equal keys mean equal names."""
    chunks = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return tuple((0, int(chunk), "") if chunk[0] in "0123456789" else (1, 0, chunk) for chunk in chunks), name


def _images_in(folder: Path) -> list[Path]:
    """Return the images that lie right in the folder, or the one image that it is itself."""
    if not folder.is_dir():
        return [folder] if folder.is_file() else []
    return [path for path in folder.iterdir() if _is_image(path)]


def _evidence_in(folder: Path) -> list[Path]:
    """Return the originals in folders of judgements, DAY/NG/… or NG/…, by day and time; no overlays."""
    days = [folder, *sorted(day for day in folder.iterdir() if _DAY.fullmatch(day.name))]
    found: list[Path] = []
    for day in days:
        pictures = [path for judgement in Judgement for path in _images_in(day / judgement)]
        found += sorted(pictures, key=lambda path: natural_order(path.name))
    return found


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()


def decoded(path: Path) -> ImageBgr | None:
    """Return the picture of a file, or None where there is none.

    `imdecode` refuses cut JPEGs that `imread` would fill with grey.
    """
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except (OSError, cv2.error):
        return None
    return None if image is None else image.astype(np.uint8, copy=False)
