import hashlib
import json

import numpy as np
import pytest

from edgevision.errors import GalleryError
from edgevision.gallery.content import Enrolled, Gallery
from edgevision.gallery.export import exported
from edgevision.gallery.format import MAGIC, pack, unpack

SHA = "ab" * 32
AT = "2026-01-02T03:04:05Z"


def gallery() -> Gallery:
    entries = (Enrolled("Åsa", AT), Enrolled("b", AT, b"PNG of b"), Enrolled("Åsa", AT, b"PNG"))
    return Gallery.empty(SHA, 3).added(entries, np.eye(3, dtype=np.float32))


def sealed_by_hash(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


def test_what_is_packed_is_unpacked() -> None:
    read = unpack(pack(gallery()), "g")

    assert (read.embedder_sha256, read.entries) == (SHA, gallery().entries)
    assert np.array_equal(read.embeddings, gallery().embeddings)


def test_an_empty_gallery_has_its_embedder_and_dimensions() -> None:
    read = unpack(pack(Gallery.empty(SHA, 128)), "g")

    assert (read.embedder_sha256, read.embeddings.shape) == (SHA, (0, 128))


def test_a_removed_name_leaves_no_byte() -> None:
    data = pack(gallery().without("b"))

    assert unpack(data, "g").counts == {"Åsa": 2}
    assert b"PNG of b" not in data
    assert np.eye(3, dtype="<f4")[1].tobytes() not in data
    assert b'"b"' not in data


def test_nobody_of_that_name() -> None:
    with pytest.raises(GalleryError, match="nobody is enrolled as 'c'"):
        gallery().without("c")


@pytest.mark.parametrize(("sha256", "dimensions"), [("cd" * 32, 3), (SHA, 4)])
def test_another_embedder_is_refused(sha256: str, dimensions: int) -> None:
    gallery().require_embedder(SHA, 3)
    with pytest.raises(GalleryError, match="expected embeddings of the bundle"):
        gallery().require_embedder(sha256, dimensions)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "expected a gallery"),
        (b"PK\3\4 something", "expected a gallery"),
        (pack(gallery())[:-1], "checksum"),
        (sealed_by_hash(MAGIC), "ends within its header"),
        (sealed_by_hash(MAGIC + b"\xff\xff\xff\xff{}"), "header is wrong"),
        (sealed_by_hash(MAGIC + b"\x02\0\0\0{}"), "header is wrong"),
        (sealed_by_hash(pack(gallery())[:-33]), "length"),
        (sealed_by_hash(pack(gallery())[:-32] + b"more"), "length"),
        (pack(Gallery(SHA, (Enrolled("a", AT),), np.array([[3.0, 4.0]], np.float32))), "not of length 1"),
        (pack(Gallery(SHA, (Enrolled("a", AT),), np.array([[np.nan, 1]], np.float32))), "not of length 1"),
    ],
)
def test_a_damaged_gallery_is_refused_with_a_reason(data: bytes, words: str) -> None:
    with pytest.raises(GalleryError, match=words) as caught:
        unpack(data, "g.gallery")
    assert str(caught.value).startswith("g.gallery: ")


def test_the_export_tells_all_that_is_stored() -> None:
    told = json.loads(exported(gallery().only("b")))

    assert told["embedder_sha256"] == SHA
    assert told["entries"] == [
        {"name": "b", "added": AT, "embedding": [0.0, 1.0, 0.0], "image_png": "UE5HIG9mIGI="}
    ]
