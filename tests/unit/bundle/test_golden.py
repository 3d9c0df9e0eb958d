from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.golden import check_golden, golden_batch
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.errors import GoldenMismatch, ManifestError
from tests.bundles import bundle_parts, make_bundle

Batch = npt.NDArray[np.uint8]
Planes = npt.NDArray[np.float32]


def dark(batch: Batch) -> tuple[Planes]:
    share = np.where(batch[..., 0] < 100, 0.9, 0.1).astype(np.float32)
    return (np.stack((1 - share[0], share[0]))[np.newaxis],)


def with_file(path: Path, name: str, data: bytes) -> Bundle:
    fields, files = bundle_parts()
    files[name] = data
    write_bundle(path, Manifest.model_validate(fields | {"files": file_hashes(files)}), files)
    return open_bundle(path)


def png(picture: npt.NDArray[Any]) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip"))


def test_an_engine_that_reproduces_the_samples_passes(bundle: Bundle) -> None:
    report = check_golden(bundle, "int8", dark)
    assert [result.judgement for result in report.results] == ["OK", "NG"]
    assert report.differing_max == 0


def test_a_sample_with_too_many_differing_pixels_is_a_mismatch(bundle: Bundle) -> None:
    def shifted(batch: Batch) -> tuple[Planes]:
        return (np.roll(dark(batch)[0], 2, axis=3),)

    with pytest.raises(GoldenMismatch, match=r"ng\.png in fp32: .*0\.50%.*got 1\.56%"):
        check_golden(bundle, "fp32", shifted)


def test_a_few_differing_pixels_pass_and_are_reported(bundle: Bundle) -> None:
    def one_more(batch: Batch) -> tuple[Planes]:
        planes = dark(batch)[0]
        planes[0, :, 0, 0] = (0.2, 0.8)
        return (planes,)

    assert check_golden(bundle, "fp32", one_more).differing_max == 1 / 64**2


def test_another_judgement_is_a_mismatch_however_few_pixels_differ(bundle: Bundle) -> None:
    def four_more(batch: Batch) -> tuple[Planes]:
        planes = dark(batch)[0]
        planes[0, :, 0, :4] = [[0.2], [0.8]]
        return (planes,)

    with pytest.raises(GoldenMismatch, match=r"ok\.png in fp32: expected OK, got NG"):
        check_golden(bundle, "fp32", four_more)


def test_the_activation_left_to_the_device_is_applied(tmp_path: Path) -> None:
    bundle = open_bundle(make_bundle(tmp_path / "b.zip", activation="softmax"))

    def logits(batch: Batch) -> tuple[Planes]:
        return (np.log(dark(batch)[0]),)

    assert check_golden(bundle, "fp32", logits).differing_max == 0


@pytest.mark.parametrize(
    ("color", "expected"), [("RGB", [30, 20, 10]), ("BGR", [10, 20, 30]), ("GRAY", [22])]
)
def test_the_picture_has_the_colour_order_of_the_model(
    tmp_path: Path, color: str, expected: list[int]
) -> None:
    fields, files = bundle_parts()
    files["golden/ok.png"] = png(np.full((64, 64, 3), (10, 20, 30), np.uint8))
    changes = {"input": fields["input"] | {"color": color}, "files": file_hashes(files)}
    write_bundle(tmp_path / "b.zip", Manifest.model_validate(fields | changes), files)
    bundle = open_bundle(tmp_path / "b.zip")
    batch = golden_batch(bundle, bundle.manifest.golden[0])
    assert batch.shape == (1, 64, 64, len(expected))
    assert batch[0, 5, 5].tolist() == expected


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("golden/ok.png", b"not a picture", "expected a PNG"),
        ("golden/ok.png", png(np.zeros((32, 64, 3), np.uint8)), "expected 64 x 64 pixels, got 64 x 32"),
        ("golden/ok.png", png(np.zeros((64, 64, 3), np.uint8))[:60], "expected an 8-bit PNG"),
        ("golden/ok.map.png", png(np.zeros((64, 64, 3), np.uint8)), "expected one channel"),
        ("golden/ok.map.png", png(np.zeros((64, 64), np.uint16)), "expected an 8-bit PNG"),
    ],
)
def test_a_golden_picture_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    with pytest.raises(ManifestError, match=words):
        check_golden(with_file(tmp_path / "b.zip", name, data), "fp32", dark)
