import hashlib
import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.bundle import archive
from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes
from edgevision.errors import BundleError, DamagedBundle, ManifestError
from tests.bundles import bundle_parts

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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": "edgevision.bundle/2"}, ["schema: expected edgevision.bundle/1", "bundle/2"]),
        ({"task": "sing"}, ["task: expected one of segment, detect, embed, classify, got 'sing'"]),
        ({"unknown": 1}, ["unknown: unknown key"]),
        ({"labels": ["background"]}, ["labels: expected background and at least one more"]),
        ({"segment": {"pixel_threshold": 2}}, ["segment.pixel_threshold: expected at most 1, got 2"]),
        ({"input": {"name": "image", "size_wh": [64]}}, ["input.size_wh"]),
        ({"golden": []}, ["golden: expected at least 1"]),
        ({"outputs": []}, ["outputs: expected at least 1"]),
        ({"models": {}}, ["models: expected an fp32 entry"]),
        ({"files": {}}, ["files: no hash for golden/ng.map.png"]),
        ({"segment": {"line_like": ["hair"]}}, ["segment.line_like: not among the labels: hair"]),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_by_key(changes: dict[str, Any], words: list[str]) -> None:
    data = packed(sound_entries() | {"manifest.json": manifest_json(**changes)})
    with pytest.raises(ManifestError) as caught:
        open_bundle(data)
    for word in words:
        assert word in str(caught.value)


def test_a_golden_sample_without_a_map_for_each_precision_is_refused() -> None:
    golden = [sample | {"expected": {"fp32": "golden/ok.map.png"}} for sample in FIELDS["golden"]]
    with pytest.raises(ManifestError, match=r"golden/ok.png has no expected answer for int8"):
        open_bundle(packed(sound_entries() | {"manifest.json": manifest_json(golden=golden)}))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}'])
def test_a_manifest_that_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.json"):
        open_bundle(packed(sound_entries() | {"manifest.json": text}))


Damage = Callable[[bytes], bytes]


def _truncated(length: int) -> Damage:
    return lambda data: data[: length % len(data)]


def _flipped(flips: list[tuple[int, int]]) -> Damage:
    def damage(data: bytes) -> bytes:
        changed = bytearray(data)
        for position, bits in flips:
            changed[position % len(changed)] ^= bits
        return bytes(changed)

    return damage


def _spliced(position: int, piece: bytes) -> Damage:
    return lambda data: data[: position % len(data)] + piece + data[position % len(data) :]


positions = st.integers(0, 2**20)
near_end = st.integers(1, 1200).map(lambda back: len(SOUND) - back)
damages = st.one_of(
    positions.map(_truncated),
    st.lists(st.tuples(positions | near_end, st.integers(1, 255)), min_size=1, max_size=4).map(_flipped),
    st.builds(_spliced, positions, st.binary(min_size=1, max_size=30)),
)


@settings(max_examples=400, deadline=None)
@given(damages, st.sampled_from([SOUND, packed(sound_entries(), zipfile.ZIP_DEFLATED)]))
def test_random_damage_is_refused_or_harmless(damage: Damage, sound: bytes) -> None:
    try:
        bundle = open_bundle(damage(sound))
    except BundleError:
        return
    assert contents(bundle) == (Manifest.model_validate(FIELDS), FILES)


@settings(max_examples=150, deadline=None)
@given(damages)
def test_a_damaged_manifest_in_a_sound_zip_never_gives_other_errors(damage: Damage) -> None:
    changed = damage(manifest_json())
    try:
        bundle = open_bundle(packed(sound_entries() | {"manifest.json": changed}))
    except BundleError:
        return
    assert set(bundle.manifest.files) == set(FILES)
