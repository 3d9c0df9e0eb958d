from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.golden import check_golden
from edgevision.bundle.goldennumbers import read_numbers
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.present import describe
from edgevision.errors import GoldenMismatch, ManifestError
from tests.bundles import bundle_parts
from tests.embedbundles import (
    DIMENSIONS,
    classify_parts,
    embed_parts,
    make_classify_bundle,
    make_embed_bundle,
)


@pytest.mark.parametrize(
    ("parts", "changes", "words"),
    [
        (embed_parts, {"labels": ("a",)}, "labels: expected none"),
        (embed_parts, {"outputs": [{"name": "a"}, {"name": "b"}]}, "outputs: expected at most 1 for embed"),
        (embed_parts, {"embed": None}, "expected the part embed and no other, got none"),
        (embed_parts, {"classify": {}}, "expected the part embed and no other, got embed, classify"),
        (classify_parts, {"labels": ("one",)}, "labels: expected at least two"),
        (classify_parts, {"classify": {"temperature": 0}}, "classify.temperature"),
    ],
)
def test_a_part_that_contradicts_itself_is_refused(parts: Any, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate(parts()[0] | changes)


def test_only_segment_and_detect_samples_have_a_judgement() -> None:
    fields, _ = embed_parts()
    with pytest.raises(ValidationError, match=r"golden/a.png: expected no judgement"):
        Manifest.model_validate(fields | {"golden": [fields["golden"][0] | {"judgement": "OK"}]})
    fields, _ = bundle_parts()
    with pytest.raises(ValidationError, match="expected a judgement, OK or NG"):
        Manifest.model_validate(fields | {"golden": [fields["golden"][0] | {"judgement": None}]})


def test_who_needs_another_task_is_told() -> None:
    embed, classify = (Manifest.model_validate(parts()[0]) for parts in (embed_parts, classify_parts))
    with pytest.raises(ManifestError, match="expected a classify model, got one to embed"):
        embed.require_classify()
    with pytest.raises(ManifestError, match="expected an embed model, got one to classify"):
        classify.require_embed()


def test_an_embedding_that_points_elsewhere_is_a_mismatch(tmp_path: Path) -> None:
    bundle = open_bundle(make_embed_bundle(tmp_path / "e.zip"))
    good = read_numbers(bundle.read("golden/a.json"), DIMENSIONS, "a")

    assert check_golden(bundle, "fp32", lambda _: (good[np.newaxis] * 7,)).differing_max < 1e-5
    for wrong in (-good, good * 0, good * np.nan):
        with pytest.raises(GoldenMismatch, match=r"a\.png in fp32: expected an embedding with a cosine"):
            check_golden(bundle, "fp32", lambda _, wrong=wrong: (wrong[np.newaxis],))  # type: ignore[misc]


def test_other_probabilities_are_a_mismatch(tmp_path: Path) -> None:
    bundle = open_bundle(make_classify_bundle(tmp_path / "c.zip"))

    with pytest.raises(GoldenMismatch, match=r"expected probabilities within 0\.05"):
        check_golden(bundle, "fp32", lambda _: (np.array([[9.0, 0.0]], np.float32),))


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"[1, true]", b"[1, 1e99]", b"[1, NaN]", b"[" * 99_999])
def test_numbers_of_a_sample_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(ManifestError, match="build the bundle again"):
        read_numbers(data, 2, "golden/a.json")


def test_what_is_shown_of_a_bundle(tmp_path: Path) -> None:
    path = make_embed_bundle(tmp_path / "e.zip", min_size_px=40, max_yaw_deg=30, margin=0.1)
    shown = {row.title: row.value for row in describe(open_bundle(path)).summary}
    assert shown["embedding"] == f"{DIMENSIONS} dimensions, cosine"
    assert shown["sees pictures"] == "box with a margin of 0.1"
    assert "at least 40 px" in shown["quality"]
    assert "turned at most 30 degrees" in shown["quality"]
    shown = {row.title: row.value for row in describe(open_bundle(make_classify_bundle(path))).summary}
    assert (shown["temperature"], shown["explains itself"]) == ("2", "yes, by class activation")
