"""The bytes of a gallery: a header as JSON, the embeddings as float32, the kept images. Pure format.

In order: MAGIC, the length of the header in 4 bytes, the header, n x D float32, the images one after
another, SHA-256 of all that. All numbers
are little-endian. Files of strangers are refused with a reason, whatever they hold.
"""

import hashlib
import struct
from itertools import accumulate
from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgevision.errors import GalleryError
from edgevision.gallery.content import Enrolled, Gallery

__all__ = ["MAGIC", "pack", "unpack"]

MAGIC: Final = b"edgevision.gallery/1\n"
_DIGEST_BYTES = 32
_NORM_TOLERANCE = 1e-3
_LENGTH = struct.Struct("<I")
_MAX_ENTRIES = 10_000_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Entry(_Part):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    added: Annotated[str, Field(max_length=40)]
    image_bytes: Annotated[int, Field(ge=0, le=1 << 26)] = 0


class _Header(_Part):
    embedder_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    dimensions: Annotated[int, Field(ge=1, le=4096)]
    entries: Annotated[list[_Entry], Field(max_length=_MAX_ENTRIES)]


def pack(gallery: Gallery) -> bytes:
    """Return the bytes of a gallery."""
    header = _Header(
        embedder_sha256=gallery.embedder_sha256,
        dimensions=gallery.embeddings.shape[1],
        entries=[
            _Entry(name=entry.name, added=entry.added, image_bytes=len(entry.image_png or b""))
            for entry in gallery.entries
        ],
    )
    text = header.model_dump_json(exclude_defaults=True).encode()
    images = b"".join(entry.image_png or b"" for entry in gallery.entries)
    body = MAGIC + _LENGTH.pack(len(text)) + text + gallery.embeddings.astype("<f4").tobytes() + images
    return body + hashlib.sha256(body).digest()


def unpack(data: bytes, source: str) -> Gallery:
    """Return the gallery; `source` names the file in errors.

    Raises:
        GalleryError: it is damaged or no gallery.
    """
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not data.startswith(MAGIC):
        raise GalleryError(f"{source}: expected a gallery, got something else; check the path")
    if hashlib.sha256(body).digest() != digest:
        raise _damaged(source, "its checksum does not fit")
    at = len(MAGIC) + _LENGTH.size
    if len(body) < at:
        raise _damaged(source, "it ends within its header")
    (length,) = _LENGTH.unpack_from(body, len(MAGIC))
    header = _header(body[at : at + length], source)
    shape = len(header.entries), header.dimensions
    vectors_at, images_at = at + length, at + length + 4 * shape[0] * shape[1]
    sizes = [entry.image_bytes for entry in header.entries]
    if len(body) != images_at + sum(sizes):
        raise _damaged(source, "its length is not what its header says")
    embeddings = np.frombuffer(body, "<f4", shape[0] * shape[1], vectors_at).reshape(shape)
    norms = np.linalg.norm(embeddings.astype(np.float64), axis=1)
    if not (np.abs(norms - 1) <= _NORM_TOLERANCE).all():
        raise _damaged(source, "an embedding is not of length 1")
    return Gallery(header.embedder_sha256, _entries(header, body, images_at), embeddings.astype(np.float32))


def _header(text: bytes, source: str) -> _Header:
    try:
        return _Header.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _damaged(source, f"its header is wrong: {first['msg']}") from error


def _entries(header: _Header, body: bytes, images_at: int) -> tuple[Enrolled, ...]:
    starts = accumulate((entry.image_bytes for entry in header.entries), initial=images_at)
    return tuple(
        Enrolled(entry.name, entry.added, body[at : at + entry.image_bytes] or None)
        for entry, at in zip(header.entries, starts, strict=False)
    )


def _damaged(source: str, what: str) -> GalleryError:
    return GalleryError(f"{source}: damaged gallery: {what}; restore it from a backup, or enrol again")
