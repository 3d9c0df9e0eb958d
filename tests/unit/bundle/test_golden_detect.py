from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.detectspec import DetectSpec
from edgevision.bundle.golden import check_golden, golden_batch
from edgevision.bundle.goldendetect import compare_findings
from edgevision.errors import GoldenMismatch
from edgevision.ops.detections import Detections
from tests.detectbundles import CELL_PX, detections, make_cell_bundle

Answer = tuple[npt.NDArray[Any], npt.NDArray[Any]]
SPEC = DetectSpec(decoder="ssd-decoded", golden_min_iou=0.8, golden_max_score_difference=0.05)
BOX = (10.0, 10.0, 30.0, 30.0)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_cell_bundle(tmp_path / "cells.zip"))


def cells(batch: npt.NDArray[np.uint8]) -> Answer:
    """Answer as the bundle's own model."""
    grey = batch[0].astype(np.float32).mean(axis=2)
    cell = grey.reshape(8, CELL_PX, 8, CELL_PX).mean(axis=(1, 3)).ravel()
    scores = np.zeros((1, 64, 3), np.float32)
    scores[0, :, 1] = (100 - cell) * 0.1
    scores[0, :, 2] = -20
    return np.zeros((1, 64, 4), np.float32), scores


def test_an_engine_that_finds_the_same_passes(bundle: Bundle) -> None:
    report = check_golden(bundle, "int8", cells)

    assert [result.judgement for result in report.results] == ["OK", "NG"]
    assert report.differing_max == 0


def test_a_missing_finding_is_a_mismatch(bundle: Bundle) -> None:
    def blind(batch: npt.NDArray[np.uint8]) -> Answer:
        return cells(np.full_like(batch, 200))

    with pytest.raises(GoldenMismatch, match=r"ng\.png in fp32: 1 of 1 findings missing, 0 of 0 new"):
        check_golden(bundle, "fp32", blind)


def test_a_box_elsewhere_is_missing_and_new(bundle: Bundle) -> None:
    def shifted(batch: npt.NDArray[np.uint8]) -> Answer:
        return cells(np.roll(batch, CELL_PX, axis=2))

    with pytest.raises(GoldenMismatch, match="1 of 1 findings missing, 1 of 1 new"):
        check_golden(bundle, "fp32", shifted)


@pytest.mark.parametrize(
    ("expected", "got", "differing"),
    [
        ([(0, 0.9, BOX)], [(0, 0.88, (10.5, 10.0, 30.5, 30.0))], 0),
        ([(0, 0.9, BOX)], [(0, 0.8, BOX)], 2),
        ([(0, 0.9, BOX)], [(1, 0.9, BOX)], 2),
        ([(0, 0.9, BOX)], [(0, 0.9, (14.0, 10.0, 34.0, 30.0))], 2),
        ([(0, 0.54, BOX)], [], 0),
        ([], [(0, 0.54, BOX)], 0),
        ([], [(0, 0.6, BOX)], 1),
        ([], [], 0),
    ],
)
def test_findings_differ_by_class_place_or_score(expected: list[Any], got: list[Any], differing: int) -> None:
    compared = compare_findings(detections(*expected), detections(*got), SPEC)

    assert compared.missing + compared.new == differing


def test_nothing_expected_and_nothing_found_differs_by_nothing() -> None:
    assert compare_findings(Detections.empty(), Detections.empty(), SPEC).differing == 0


def test_a_pair_is_the_picture_and_then_its_reference(tmp_path: Path) -> None:
    bundle = open_bundle(make_cell_bundle(tmp_path / "cells.zip", pair=True))

    batch = golden_batch(bundle, bundle.manifest.golden[1])

    assert batch.shape == (1, 64, 64, 6)
    assert batch[0, 28, 20].tolist() == [0, 0, 0, 200, 200, 200]
