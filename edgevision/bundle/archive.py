"""Opens bundles strictly: everything is read, bounded and verified in memory before anything is returned.

What the manifest means is `bundle.manifest`; running the model is `engines`.
"""

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edgevision.bundle.manifest import Manifest
from edgevision.bundle.parse import parse_manifest
from edgevision.bundle.write import MANIFEST_NAME
from edgevision.errors import DamagedBundle

__all__ = ["MAX_MANIFEST_BYTES", "MAX_MEMBERS", "MAX_TOTAL_BYTES", "Bundle", "open_bundle"]

MAX_MEMBERS = 256
MAX_TOTAL_BYTES = 512 * 1024**2
MAX_MANIFEST_BYTES = 4 * 1024**2

_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FETCH_AGAIN = "fetch or build the bundle again"
_REBUILD = "write bundles with `python -m export bundle`"
# What zipfile raises on damaged archives.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A verified bundle, wholly in memory."""

    manifest: Manifest
    sha256: str
    """Of the bundle file."""
    source: str
    """Where it came from, for people."""
    _files: Mapping[str, bytes] = field(repr=False)

    def read(self, name: str) -> bytes:
        """Return a file that the manifest names; any other name is a KeyError."""
        return self._files[name]


def open_bundle(source: Path | bytes | bytearray | memoryview) -> Bundle:
    """Read and verify a bundle.

    Raises:
        DamagedBundle: it cannot be read, is no sound zip, is too large, has unsafe or unexpected
            entries, or a hash differs.
        ManifestError: the manifest does not fit the format.
    """
    name, data = (str(source), _read(source)) if isinstance(source, Path) else ("bundle", bytes(source))
    try:
        manifest, files = _contents(data)
    except DamagedBundle as error:
        raise DamagedBundle(f"{name}: {error}") from error.__cause__
    except _ZIP_ERRORS as error:
        raise DamagedBundle(f"{name}: damaged or truncated zip ({error}); {_FETCH_AGAIN}") from error
    parsed = parse_manifest(manifest, name)
    _check_hashes(parsed, files, name)
    return Bundle(parsed, hashlib.sha256(data).hexdigest(), name, files)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_TOTAL_BYTES + 1)
    except OSError as error:
        raise DamagedBundle(f"{path}: cannot read the bundle ({error.strerror}); check the path") from error
    if len(data) > MAX_TOTAL_BYTES:
        raise DamagedBundle(f"{path}: expected at most {MAX_TOTAL_BYTES} bytes, got more; {_FETCH_AGAIN}")
    return data


def _contents(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Return the manifest's bytes and all other files, by name."""
    if not data.startswith(b"PK\x03\x04"):
        raise DamagedBundle(f"expected a zip file, got {_looks_like(data)}; {_FETCH_AGAIN}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        _check_entries(entries)
        files = {entry.filename: _inflate(archive, entry) for entry in entries}
    return files.pop(MANIFEST_NAME), files


def _looks_like(data: bytes) -> str:
    return f"a file beginning with {data[:8]!r}" if data else "an empty file"


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_MEMBERS:
        raise DamagedBundle(f"expected at most {MAX_MEMBERS} entries, got {len(entries)}; {_REBUILD}")
    if not entries or entries[0].filename != MANIFEST_NAME or entries[0].header_offset != 0:
        got = entries[0].filename if entries else "nothing"
        raise DamagedBundle(f"expected {MANIFEST_NAME} as the first entry, got {got!r}; {_REBUILD}")
    for entry in entries:
        _check_entry(entry)
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DamagedBundle(f"expected different entries, got {', '.join(twice)} more than once; {_REBUILD}")
    _check_sizes(entries)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    path = PurePosixPath(name)
    is_plain = name == str(path) and not path.is_absolute() and ".." not in path.parts
    if not is_plain or any(letter in name for letter in "\\:\0"):
        raise DamagedBundle(f"entry {name!r}: expected a relative file path without '..'; {_REBUILD}")
    if entry.flag_bits & _ENCRYPTED:
        raise DamagedBundle(f"entry {name!r}: expected no encryption; {_REBUILD}")
    if entry.compress_type not in _METHODS:
        raise DamagedBundle(f"entry {name!r}: expected it stored or deflated; {_REBUILD}")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise DamagedBundle(f"entry {name!r}: expected a regular file, got a link or device; {_REBUILD}")


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    manifest = entries[0].file_size
    if manifest > MAX_MANIFEST_BYTES:
        raise DamagedBundle(
            f"{MANIFEST_NAME}: expected at most {MAX_MANIFEST_BYTES} bytes, got {manifest}; {_REBUILD}"
        )
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL_BYTES:
        raise DamagedBundle(f"expected at most {MAX_TOTAL_BYTES} bytes unpacked, got {total}; {_REBUILD}")


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return one entry; zipfile stops at the declared size, which is bounded, and checks the CRC."""
    with archive.open(entry) as stream:
        data = stream.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise DamagedBundle(
            f"entry {entry.filename!r}: expected {entry.file_size} bytes, got {len(data)}; {_FETCH_AGAIN}"
        )
    return data


def _check_hashes(manifest: Manifest, files: Mapping[str, bytes], name: str) -> None:
    missing, unknown = sorted(set(manifest.files) - set(files)), sorted(set(files) - set(manifest.files))
    if missing:
        raise DamagedBundle(f"{name}: missing {', '.join(missing)}, which the manifest lists; {_FETCH_AGAIN}")
    if unknown:
        raise DamagedBundle(f"{name}: the manifest does not list {', '.join(unknown)}; {_REBUILD}")
    for file, expected in manifest.files.items():
        got = hashlib.sha256(files[file]).hexdigest()
        if got != expected:
            raise DamagedBundle(f"{name}: {file}: expected SHA-256 {expected}, got {got}; {_FETCH_AGAIN}")
