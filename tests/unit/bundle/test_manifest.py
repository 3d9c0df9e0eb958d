"""Manifests that do not fit, as a bundle with one is refused."""

from typing import Any

import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.errors import ManifestError
from tests.unit.bundle.archives import FIELDS, manifest_json, packed, sound_entries


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
