"""What a video file's container says about its own completeness: ISO media, Matroska, AVI, GIF.

Reads a few bytes of structure, never pictures. Other formats tell nothing.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from edgevision.capture import matroska
from edgevision.errors import CaptureError

__all__ = ["Completeness", "Count", "examine", "has_broken_blocks"]

_MOOV_MAX_BYTES = 256 << 20


class Count(Enum):
    """What the frame count of a container means."""

    PICTURES = "each is a picture to show"
    TICKS = "each is a frame time, in which the picture before may stay"
    ESTIMATE = "duration times a guessed rate"


@dataclass(frozen=True, slots=True)
class Completeness:
    """Whether bytes are missing that the container announces, and what its frame count means."""

    is_cut: bool
    count: Count


def examine(path: Path) -> Completeness:
    """Return what the structure of the file tells.

    Raises:
        CaptureError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _examine(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        msg = f"{path}: expected a readable file, got: {error.strerror}; check its path and rights"
        raise CaptureError(msg) from error


def has_broken_blocks(path: Path) -> bool:
    """Return whether a Matroska file is damaged inside; False for other formats.

    Its frame count is an estimate, so that a shortfall proves nothing. Walks the whole file.
    """
    with path.open("rb") as file:
        is_matroska = file.read(4) == matroska.EBML
        return is_matroska and matroska.is_broken(file, os.fstat(file.fileno()).st_size)


def _examine(file: BinaryIO, size: int) -> Completeness:
    head = file.read(12)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _examine_iso(file, size)
    if head[:4] == b"RIFF":
        return Completeness(_is_riff_cut(file, size), Count.TICKS)
    if head[:4] == matroska.EBML:
        return Completeness(matroska.is_cut(file, size), Count.ESTIMATE)
    if head[:4] == b"GIF8":
        file.seek(max(0, size - 64))
        return Completeness(not file.read().rstrip(b"\0").endswith(b";"), Count.ESTIMATE)
    return Completeness(is_cut=False, count=Count.ESTIMATE)


def _is_riff_cut(file: BinaryIO, size: int) -> bool:
    """Walk the RIFF chunks, of which large files have several.

    A size of 0 or all ones was never filled in; some writers count the header of 8 bytes too.
    """
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(8)
        length = int.from_bytes(header[4:], "little")
        if header[:4] != b"RIFF" or length in (0, 0xFFFFFFFF):
            return False
        at += 8 + length + length % 2
    return at > size + 8


def _examine_iso(file: BinaryIO, size: int) -> Completeness:
    count = Count.ESTIMATE
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:
            length = size - at
        if length < 8:
            break
        if header[4:8] == b"moov" and length <= _MOOV_MAX_BYTES:
            file.seek(at + 8)
            count = _count_of_iso(file.read(length - 8))
        at += length
    return Completeness(is_cut=at > size, count=count)


def _count_of_iso(moov: bytes) -> Count:
    """Return PICTURES unless the file is fragmented or an edit list hides pictures."""
    if any(_boxes(moov, b"mvex")):
        return Count.ESTIMATE
    movie_scale, _ = _timescale_and_duration(b"".join(_boxes(moov, b"mvhd")))
    for track in _boxes(moov, b"trak"):
        media = b"".join(_boxes(track, b"mdia"))
        if any(handler[8:12] == b"vide" for handler in _boxes(media, b"hdlr")):
            media_scale, duration = _timescale_and_duration(b"".join(_boxes(media, b"mdhd")))
            shown = _shown_duration(b"".join(_boxes(track, b"edts")))
            hidden_s = 0.0 if shown is None else duration / media_scale - shown / movie_scale
            return Count.PICTURES if hidden_s < 2.0 / movie_scale else Count.ESTIMATE
    return Count.ESTIMATE


def _boxes(content: bytes, kind: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if length < 8:
            return
        if content[at + 4 : at + 8] == kind:
            yield content[at + 8 : at + length]
        at += length


def _timescale_and_duration(header: bytes) -> tuple[int, int]:
    """Return ticks a second and duration in ticks of an `mvhd` or `mdhd` box."""
    wide = header[:1] == b"\x01"
    at, width = (20, 8) if wide else (12, 4)
    timescale = int.from_bytes(header[at : at + 4], "big")
    return max(1, timescale), int.from_bytes(header[at + 4 : at + 4 + width], "big")


def _shown_duration(edits: bytes) -> int | None:
    """Return the ticks of the movie that the edit list shows; None without a list."""
    for table in _boxes(edits, b"elst"):
        width = 8 if table[:1] == b"\x01" else 4
        rows = range(8, len(table) - 2 * width - 3, 2 * width + 4)
        empty = b"\xff" * width
        return sum(
            int.from_bytes(table[at : at + width], "big")
            for at in rows
            if table[at + width : at + 2 * width] != empty
        )
    return None
