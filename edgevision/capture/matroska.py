"""Walks the elements of a Matroska or WebM file: is it whole, and do its blocks follow each other?

Reads ids and lengths only. A length that was left open, as in a stream, ends the walk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["EBML", "is_broken", "is_cut"]

EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"
_CLUSTER = b"\x1f\x43\xb6\x75"
_FILLERS = {b"\xec", b"\xbf"}
_IN_SEGMENT = _FILLERS | {
    _CLUSTER,
    b"\x11\x4d\x9b\x74",  # seek head
    b"\x15\x49\xa9\x66",  # info
    b"\x16\x54\xae\x6b",  # tracks
    b"\x1c\x53\xbb\x6b",  # cues
    b"\x19\x41\xa4\x69",  # attachments
    b"\x10\x43\xa7\x70",  # chapters
    b"\x12\x54\xc3\x67",  # tags
}
_IN_CLUSTER = _FILLERS | {
    b"\xe7",  # time stamp
    b"\x58\x54",  # silent tracks
    b"\xa7",  # position
    b"\xab",  # size of the cluster before
    b"\xa3",  # simple block
    b"\xa0",  # block group
    b"\xaf",  # encrypted block
}


@dataclass(frozen=True, slots=True)
class _Element:
    id: bytes
    begin: int
    end: int | None
    """None where the length was left open."""


def is_cut(file: BinaryIO, size: int) -> bool:
    """Return whether the file of `size` bytes ends before its segment does."""
    segment = _segment(file, size)
    return segment is not None and segment.end is not None and segment.end > size


def is_broken(file: BinaryIO, size: int) -> bool:
    """Return whether something else stands where an element must begin. Touches every block."""
    segment = _segment(file, size)
    if segment is None:
        return True
    for element in _elements(file, segment.begin, min(segment.end or size, size)):
        if element.id not in _IN_SEGMENT:
            return True
        if element.id == _CLUSTER and element.end is not None:
            blocks = _elements(file, element.begin, min(element.end, size))
            if any(block.id not in _IN_CLUSTER or (block.end or 0) > element.end for block in blocks):
                return True
    return False


def _segment(file: BinaryIO, size: int) -> _Element | None:
    return next((element for element in _elements(file, 0, size) if element.id == _SEGMENT), None)


def _elements(file: BinaryIO, begin: int, end: int) -> Iterator[_Element]:
    """Yield the elements that follow each other from `begin`, up to one whose length was left open."""
    at: int | None = begin
    while at is not None and at < end:
        file.seek(at)
        element = _element(file, at)
        yield element
        at = element.end


def _element(file: BinaryIO, at: int) -> _Element:
    first = file.read(1)
    element_id = first + file.read(8 - first[0].bit_length() if first else 0)
    marker = file.read(1)
    if not marker or marker[0] == 0:
        return _Element(element_id, at, None)
    rest = 8 - marker[0].bit_length()
    length = int.from_bytes(bytes([marker[0] & (0x7F >> rest)]) + file.read(rest), "big")
    begin = at + len(element_id) + 1 + rest
    is_open = length == (1 << 7 * (rest + 1)) - 1
    return _Element(element_id, begin, None if is_open else begin + length)
