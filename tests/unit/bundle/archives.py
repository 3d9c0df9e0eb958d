"""Bundles as bytes, sound or with something wrong, for the tests of reading them."""

import io
import json
import zipfile
from typing import Any

from edgevision.bundle.archive import Bundle
from edgevision.bundle.manifest import Manifest
from tests.bundles import bundle_parts

__all__ = ["FIELDS", "FILES", "SOUND", "contents", "manifest_json", "packed", "sound_entries"]

FIELDS, FILES = bundle_parts((16, 16))


def packed(
    entries: dict[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]],
    method: int = zipfile.ZIP_STORED,
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as target:
        for name, data in entries.items() if isinstance(entries, dict) else entries:
            target.writestr(name, data)
    return stream.getvalue()


def manifest_json(**changes: Any) -> bytes:
    return json.dumps(FIELDS | changes).encode()


def sound_entries() -> dict[str, bytes]:
    return {"manifest.json": manifest_json(), **FILES}


SOUND = packed(sound_entries())


def contents(bundle: Bundle) -> tuple[Manifest, dict[str, bytes]]:
    return bundle.manifest, {name: bundle.read(name) for name in bundle.manifest.files}
