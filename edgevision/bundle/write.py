"""Writes bundles: the same manifest and files give the same bytes; a file appears whole or not at all.

Deciding what goes into a bundle is the export pipeline's job.
"""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from edgevision.bundle.manifest import Manifest
from edgevision.errors import ManifestError, OutputError

__all__ = ["MANIFEST_NAME", "file_hashes", "write_bundle"]

MANIFEST_NAME = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16


def file_hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of every file, as `Manifest.files` wants them."""
    return {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}


def write_bundle(path: Path, manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Write a bundle in one step; an existing file is replaced.

    Entries are stored uncompressed, because another zlib would give other bytes.

    Raises:
        ManifestError: the hashes in the manifest are not those of `files`.
        OutputError: the file cannot be written.
    """
    if file_hashes(files) != dict(sorted(manifest.files.items())):
        raise ManifestError(
            f"{path}: manifest.files does not name exactly the given files with their hashes; "
            "make it with file_hashes(files)"
        )
    text = manifest.model_dump_json(by_alias=True, indent=2) + "\n"
    entries = {MANIFEST_NAME: text.encode(), **{name: files[name] for name in sorted(files)}}
    try:
        _replace(path, entries)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot write the bundle: {error}; check the folder and its space"
        ) from error


def _replace(path: Path, entries: Mapping[str, bytes]) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                for entry, data in entries.items():
                    archive.writestr(_info(entry), data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3
    info.external_attr = _REGULAR_FILE
    return info
