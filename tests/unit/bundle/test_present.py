import hashlib
from pathlib import Path

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.present import describe
from tests.bundles import bundle_parts, make_bundle


def test_the_card_shows_what_a_buyer_asks(tmp_path: Path) -> None:
    bundle = open_bundle(
        make_bundle(
            tmp_path / "b.zip",
            accuracy=[{"split": "held out", "samples": 9, "fp32": {"iou": 0.8}, "int8": {"f1": 0.75}}],
            quantization={"method": "U8S8", "calibration": "64 tiles", "excluded_nodes": ["head"]},
            parameters=1234,
            gmac=2.5,
        )
    )
    card = describe(bundle)
    summary = {row.title: row.value for row in card.summary}
    assert summary["labels"] == "0 background, 1 crack"
    assert summary["input"] == "64 x 64 RGB, uint8 NHWC"
    assert summary["sha256"] == bundle.sha256
    assert summary["size"] == "1,234 parameters, 2.50 GMAC"
    assert summary["quantisation"] == "U8S8, calibrated on 64 tiles, kept in fp32: head"
    assert card.accuracy == (("held out (9)", "iou", "0.8000", "-"), ("held out (9)", "f1", "-", "0.7500"))
    assert card.provenance == (("drawn", "CC0-1.0", "", "tests"),)


def test_what_a_manifest_does_not_say_is_left_out(tmp_path: Path) -> None:
    titles = [row.title for row in describe(open_bundle(make_bundle(tmp_path / "b.zip"))).summary]
    assert "quantisation" not in titles
    assert "made by" not in titles


def test_every_file_is_listed_with_size_and_hash(tmp_path: Path) -> None:
    _, files = bundle_parts()
    card = describe(open_bundle(make_bundle(tmp_path / "b.zip")))
    assert [(row.name, row.size_bytes, row.sha256) for row in card.files] == [
        (name, len(files[name]), hashlib.sha256(files[name]).hexdigest()) for name in sorted(files)
    ]
