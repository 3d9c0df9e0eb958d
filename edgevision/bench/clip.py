"""Makes a 720p clip of the sample line, for machines without a recording at hand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path

import cv2
import numpy as np

from edgevision.capture.sample import render_part
from edgevision.errors import OutputError
from edgevision.types import Frame, ImageBgr, Judgement

__all__ = ["FRAMES", "SIZE_WH", "pictures", "write_clip"]

SIZE_WH = (1280, 720)
FRAMES = 300
_FPS = 25.0
_SEED = 1
_FRAMES_PER_PART = 20
_CODECS = (("avc1", "mp4"), ("mp4v", "mp4"))
"""H.264 needs an encoder that many builds of OpenCV lack; MPEG-4 Part 2 is always there."""


def write_clip(folder: Path, frames: int = FRAMES, *, stands_still: bool = False) -> Path:
    """Write good parts moving through the picture, with sensor noise; the same everywhere but for coding.

    One that stands still is for models that compare with a reference.

    Raises:
        OutputError: OpenCV can write no video there.
    """
    writer, path = _writer(folder)
    for picture in islice(pictures(stands_still=stands_still), frames):
        writer.write(picture)
    writer.release()
    return path


def _writer(folder: Path) -> tuple[cv2.VideoWriter, Path]:
    for fourcc, suffix in _CODECS:
        path = folder / f"{fourcc}.{suffix}"
        with _silent_stderr():
            writer = cv2.VideoWriter(
                str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*fourcc), _FPS, SIZE_WH
            )
        if writer.isOpened():
            return writer, path
    raise OutputError(f"{folder}: OpenCV cannot write a video there; free space, or name one by --video")


def pictures(*, stands_still: bool) -> Iterator[ImageBgr]:
    """Give the pictures of the clip, for ever."""
    width, height = SIZE_WH
    rng = np.random.default_rng(_SEED)
    noise = rng.normal(0.0, 3.0, (height + 64, width + 64, 3)).astype(np.int8)
    parts = count()
    part = _good_part(parts)
    while True:
        scaled = np.asarray(cv2.resize(part, (width, part.shape[0] * width // part.shape[1])), np.uint8)
        for step in range(_FRAMES_PER_PART):
            top = 0 if stands_still else (scaled.shape[0] - height) * step // _FRAMES_PER_PART
            row, column = rng.integers(0, 64, 2)
            grain = noise[row : row + height, column : column + width]
            yield _noisy(scaled[top : top + height], grain)
        if not stands_still:
            part = _good_part(parts)


def _good_part(indices: Iterator[int]) -> ImageBgr:
    """Return the next part without a flaw: most of what a line shows, and of what a loop does."""
    frames = (render_part(_SEED, index, camera="bench") for index in indices)
    return next(frame.image_bgr for frame in frames if _is_good(frame))


def _is_good(frame: Frame) -> bool:
    return frame.truth is not None and frame.truth.judgement is Judgement.OK


def _noisy(picture: ImageBgr, noise: np.typing.NDArray[np.int8]) -> ImageBgr:
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what FFmpeg itself writes to standard error when it looks for an encoder in vain."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
