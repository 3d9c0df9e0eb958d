"""Galleries that were damaged, or made up: refused with a reason, or harmless."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
from cryptography.fernet import Fernet
from hypothesis import strategies as st

from edgevision.gallery.content import Enrolled, Gallery
from edgevision.gallery.file import GalleryFile
from edgevision.gallery.format import MAGIC, pack, unpack
from edgevision.gallery.sealed import seal
from tests.faults.figures import print_row
from tests.faults.fuzzing import damaged, fuzz, refused_or_fine
from tests.faults.hostile import JSON, REQUIRED

COMMAND = "python -m pytest tests/faults/test_hostile_galleries.py -s"


GALLERY = pack(
    Gallery.empty("ab" * 32, 4).added(
        (Enrolled("anna", "2026-01-01T00:00:00Z"), Enrolled("bo", "2026-01-01T00:00:00Z", b"PNG")),
        np.eye(2, 4, dtype=np.float32),
    )
)


def test_damaged_galleries(tmp_path: Path, is_long: bool) -> None:
    key_file = tmp_path / "key"
    key_file.write_bytes(Fernet.generate_key())
    path = tmp_path / "g.gallery"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refused_or_fine(GalleryFile(path).read)
        refused_or_fine(GalleryFile(path, key_file).read)

    contents = st.one_of(st.binary(max_size=300), damaged(GALLERY), damaged(seal(GALLERY, key_file)))
    print_row("damaged galleries", REQUIRED, fuzz(contents, check, is_long=is_long), COMMAND)


def test_damaged_galleries_whose_checksum_is_right(is_long: bool) -> None:
    """A wrong header must neither crash nor make anything be allocated that the file does not hold."""
    after_magic = len(MAGIC)

    def check(body: bytes) -> None:
        data = MAGIC + body
        refused_or_fine(lambda: unpack(data + hashlib.sha256(data).digest(), "g").matcher())

    headers = st.builds(
        lambda header: struct.pack("<I", len(header)) + header + bytes(32),
        st.builds(
            lambda entries, dimensions: json.dumps(
                {"embedder_sha256": "0" * 64, "dimensions": dimensions, "entries": entries}
            ).encode(),
            JSON,
            st.integers(-1, 5000) | JSON,
        ),
    )
    bodies = st.one_of(st.binary(max_size=300), damaged(GALLERY[after_magic:-32]), headers)
    print_row("galleries of wrong content", REQUIRED, fuzz(bodies, check, is_long=is_long), COMMAND)
