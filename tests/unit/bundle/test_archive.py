import hashlib
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from edgevision.bundle import archive
from edgevision.bundle.archive import open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes
from edgevision.errors import DamagedBundle
from tests.unit.bundle.archives import FIELDS, FILES, SOUND, contents, manifest_json, packed, sound_entries


def refused(data: bytes, *words: str) -> None:
    with pytest.raises(DamagedBundle) as caught:
        open_bundle(data)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_sound_bundle_gives_its_manifest_its_files_and_its_hash(method: int) -> None:
    data = packed(sound_entries(), method)
    bundle = open_bundle(data)
    assert contents(bundle) == (Manifest.model_validate(FIELDS), FILES)
    assert bundle.sha256 == hashlib.sha256(data).hexdigest()


def test_a_bundle_is_opened_from_a_path_and_named_by_it_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "line.zip"
    path.write_bytes(SOUND)
    assert open_bundle(path).source == str(path)
    path.write_bytes(SOUND[:100])
    with pytest.raises(DamagedBundle, match=r"line\.zip: damaged or truncated zip"):
        open_bundle(path)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(DamagedBundle, match="cannot read the bundle"):
            open_bundle(path)


def test_only_files_of_the_manifest_can_be_read() -> None:
    with pytest.raises(KeyError):
        open_bundle(SOUND).read("manifest.json")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"#!/bin/sh\n" + SOUND])
def test_what_is_no_zip_from_the_first_byte_is_refused(data: bytes) -> None:
    refused(data, "expected a zip file", "fetch or build")


def test_a_zip_behind_another_one_is_refused() -> None:
    refused(SOUND + SOUND, "manifest.json")


def test_an_empty_zip_is_refused() -> None:
    refused(packed({}), "expected a zip file")


def test_the_manifest_must_come_first() -> None:
    entries = {"golden/ok.png": FILES["golden/ok.png"], **sound_entries()}
    refused(packed(entries), "manifest.json as the first entry", "golden/ok.png")


@pytest.mark.parametrize(
    "name", ["../x", "a/../x", "/etc/passwd", "a\\b", "C:x", "a//b", "./a", "golden/", "a/./b"]
)
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    refused(packed([*sound_entries().items(), (name, b"")]), repr(name), "relative file path")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFCHR])
def test_links_folders_and_devices_are_refused(kind: int) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (kind | 0o777) << 16
    refused(packed([*sound_entries().items(), (info, b"/etc/passwd")]), "regular file")


def test_entries_of_the_same_name_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = packed([*sound_entries().items(), ("golden/ok.png", b"other")])
    refused(data, "golden/ok.png more than once")


def test_encrypted_entries_are_refused() -> None:
    data = bytearray(SOUND)
    position = data.rindex(b"PK\x01\x02")
    data[position + 8] |= 1
    refused(bytes(data), "no encryption")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method: int) -> None:
    refused(packed(sound_entries(), method), "stored or deflated")


def test_too_many_entries_are_refused() -> None:
    many = {f"f{index}": b"" for index in range(archive.MAX_MEMBERS)}
    refused(packed(sound_entries() | many), f"at most {archive.MAX_MEMBERS} entries")


def test_more_bytes_than_allowed_are_refused_before_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(sound_entries() | {"bomb": bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 9_000_000)
    refused(data, "at most 9000000 bytes unpacked")


def test_a_file_larger_than_allowed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.zip"
    path.write_bytes(SOUND)
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", len(SOUND) - 1)
    with pytest.raises(DamagedBundle, match="expected at most"):
        open_bundle(path)


def test_a_huge_manifest_is_refused() -> None:
    padded = manifest_json() + b" " * archive.MAX_MANIFEST_BYTES
    refused(packed(sound_entries() | {"manifest.json": padded}, zipfile.ZIP_DEFLATED), "manifest.json")


@pytest.mark.parametrize(
    ("declared", "words"), [(0, "Bad CRC"), (10, "Bad CRC"), (999_999, "expected 999999 bytes, got 100000")]
)
def test_an_entry_that_unpacks_to_another_size_than_declared_is_refused(declared: int, words: str) -> None:
    data = bytearray(packed(sound_entries() | {"model.fp32.onnx": bytes(100_000)}, zipfile.ZIP_DEFLATED))
    central_header = data.rindex(b"model.fp32.onnx") - 46
    struct.pack_into("<I", data, central_header + 24, declared)
    refused(bytes(data), words)


def test_an_unlisted_file_is_refused() -> None:
    refused(packed(sound_entries() | {"run.sh": b"echo"}), "does not list run.sh")


def test_a_missing_file_is_refused() -> None:
    entries = sound_entries()
    del entries["model.int8.onnx"]
    refused(packed(entries), "missing model.int8.onnx")


def test_a_file_with_another_hash_is_refused() -> None:
    other = sound_entries() | {"model.fp32.onnx": FILES["model.int8.onnx"]}
    refused(packed(other), "model.fp32.onnx: expected SHA-256", file_hashes(other)["model.fp32.onnx"])
