"""The name of the inspection that a preview shows, read from the comment of the JPEG file. Pure."""

__all__ = ["MAX_PICTURE_BYTES", "is_jpeg", "result_id_of"]

MAX_PICTURE_BYTES = 1_000_000
"""Larger previews are not kept."""

_START = b"\xff\xd8"
_COMMENT = 0xFE
_SCAN = 0xDA
_PREFIX = b"result_id="


def is_jpeg(payload: bytes) -> bool:
    """Return whether the bytes begin as a JPEG file does and are not too many."""
    return payload.startswith(_START + b"\xff") and len(payload) <= MAX_PICTURE_BYTES


def result_id_of(payload: bytes) -> str | None:
    """Return what follows `result_id=` in a comment segment (COM); None without one.

    Only the segments before the picture data are looked at; a damaged file has none.
    """
    position = len(_START)
    while payload[position : position + 1] == b"\xff" and position + 4 <= len(payload):
        marker = payload[position + 1]
        length = int.from_bytes(payload[position + 2 : position + 4])
        if marker == _SCAN or length < 2:
            return None
        content = payload[position + 4 : position + 2 + length]
        if marker == _COMMENT and content.startswith(_PREFIX):
            return content.removeprefix(_PREFIX).rstrip(b"\0").decode("utf-8", "replace") or None
        position += 2 + length
    return None
