"""Reads recordings to their end, for tests."""

from pathlib import Path

import pytest

from edgevision.capture.video import VideoSource
from edgevision.errors import TruncatedInput
from edgevision.types import Frame

__all__ = ["read_all", "read_damaged", "read_rest"]


def read_rest(source: VideoSource, frames: list[Frame]) -> None:
    """Append every frame; a damaged recording raises after the last."""
    while (frame := source.read()) is not None:
        frames.append(frame)


def read_all(source: VideoSource) -> list[Frame]:
    frames: list[Frame] = []
    source.open()
    read_rest(source, frames)
    source.close()
    return frames


def read_damaged(path: Path) -> tuple[list[Frame], str]:
    """Return the readable frames and what the one error says; after it nothing comes."""
    frames: list[Frame] = []
    source = VideoSource(path, "cam1")
    source.open()
    with pytest.raises(TruncatedInput) as caught:
        read_rest(source, frames)
    assert source.read() is None
    return frames, str(caught.value)
