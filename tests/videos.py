"""Small real recordings for the tests: up to 30 numbered grey pictures whose number can be read back."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.types import ImageBgr

__all__ = ["ffmpeg", "grey_step", "numbered", "shorten", "write_scenes", "write_video"]

FPS = 10


def numbered(index: int, size_wh: tuple[int, int] = (160, 120)) -> ImageBgr:
    """Return a picture whose mean grey is `7 * index + 10`, with noise that makes files grow with time."""
    rng = np.random.default_rng(index)
    noise = rng.integers(-3, 4, (size_wh[1], size_wh[0], 1))
    return np.repeat(np.clip(7 * index + 10 + noise, 0, 255).astype(np.uint8), 3, axis=2)


def grey_step(image_bgr: ImageBgr) -> int:
    """Return the number of a picture of `numbered`, also after lossy coding."""
    return round((float(image_bgr.mean()) - 10) / 7)


def write_video(path: Path, fourcc: str = "MJPG", frames: int = 30) -> Path:
    """Write `frames` numbered pictures with OpenCV's own encoder."""
    return write_scenes(path, [numbered(index) for index in range(frames)], fourcc)


def write_scenes(path: Path, pictures: Sequence[ImageBgr], fourcc: str = "MJPG") -> Path:
    """Write pictures of 160 x 120."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), FPS, (160, 120))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def shorten(path: Path, share: float) -> Path:
    """Return a copy of the file that holds only the first `share` of its bytes."""
    content = path.read_bytes()
    cut = path.with_stem(f"{path.stem}-cut")
    cut.write_bytes(content[: int(len(content) * share)])
    return cut


def ffmpeg(*arguments: str | Path) -> None:
    """Run the ffmpeg command; skips the test where there is none."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("the ffmpeg command is not installed")
    subprocess.run([program, "-v", "error", "-y", *arguments], check=True)
