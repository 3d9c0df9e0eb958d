"""The annotated video of a replay: a sink that draws each inspection into its frame."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from edgevision.errors import OutputError
from edgevision.ops.draw import annotate
from edgevision.ops.image import Letterbox, stretch
from edgevision.paths import FOLDER, found_at
from edgevision.types import Frame, ImageBgr, Inspected

__all__ = ["AnnotatedVideo"]

FPS_WITHOUT_TIMES: Final = 25.0
_FPS_RANGE = 1.0, 240.0


class AnnotatedVideo:
    """An MP4 with outlines, boxes and the judgement drawn into each frame.

    Takes the size of its first frame, made even as the coding needs it; others are fitted into it
    with their proportions kept. Plays as fast as the recording: as its first two frames follow each
    other, or at 25 frames a second where they have no times.
    """

    def __init__(self, path: Path) -> None:
        """Prepare; the file is created with the second frame, or at the end. Raises OutputError."""
        self._path = path
        self._frames = 0
        self._first: Inspected | None = None
        self._writer: cv2.VideoWriter | None = None
        self._size_wh = (0, 0)
        if path.suffix.lower() != ".mp4":
            raise OutputError(f"{path}: an annotated video is written as MP4; name it {path.stem}.mp4")
        if (found := found_at(path.parent)) != FOLDER:
            raise OutputError(f"{path}: expected a folder {path.parent}, found {found}; create it first")

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Draw and append the frames."""
        for inspected in batch:
            if self._first is None:
                self._first = inspected
                continue
            if self._writer is None:
                self._begin(self._first, _fps(self._first.seen, inspected.seen))
            self._draw(inspected)

    def _begin(self, first: Inspected, fps: float) -> None:
        self._size_wh = first.seen.size_wh
        self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*"mp4v"), fps, self._size_wh)
        if not self._writer.isOpened():
            raise OutputError(f"{self._path}: cannot be written as MP4; check the folder's permissions")
        self._draw(first)

    def _draw(self, inspected: Inspected) -> None:
        assert self._writer is not None
        image = annotate(inspected.seen.image_bgr, inspected.inspection)
        self._writer.write(_fitted(image, self._size_wh))
        self._frames += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._first is not None and self._writer is None and error is None:
            self._begin(self._first, FPS_WITHOUT_TIMES)
        if self._writer is None:
            return
        self._writer.release()
        written = self._count()
        if error is None and written != self._frames:
            raise OutputError(
                f"{self._path}: expected {self._frames} frames in the video, got {written}; "
                "check the free space of the disk"
            )

    def _count(self) -> int:
        """Return what the file holds: OpenCV does not say when it cannot write."""
        video = cv2.VideoCapture(str(self._path))
        try:
            return round(video.get(cv2.CAP_PROP_FRAME_COUNT))
        finally:
            video.release()


def _fps(first: Frame, second: Frame) -> float:
    """Return at which rate two frames follow each other in their recording."""
    apart_s = (second.wall_ns - first.wall_ns) / 1e9
    lowest, highest = _FPS_RANGE
    is_timed = first.file == second.file and 1 / highest <= apart_s <= 1 / lowest
    return 1 / apart_s if is_timed else FPS_WITHOUT_TIMES


def _fitted(image: ImageBgr, size_wh: tuple[int, int]) -> ImageBgr:
    if image.shape[1::-1] == size_wh:
        return image
    left, top, right, bottom = Letterbox.fit((image.shape[1], image.shape[0]), size_wh).inner_xyxy
    fitted = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    fitted[top:bottom, left:right] = stretch(image, (right - left, bottom - top))
    return fitted
