from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.detector import Detector
from edgevision.bundle.goldenfindings import read_findings, write_findings
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.present import describe
from edgevision.errors import ManifestError
from edgevision.ops.decoders.candidates import Candidates
from tests.bundles import bundle_parts
from tests.detectbundles import cell_bundle_parts, detections, make_cell_bundle

LABELS = ("hole", "never")


def manifest(*, pair: bool = False, detect: dict[str, Any] | None = None, **changes: Any) -> Manifest:
    fields, _ = cell_bundle_parts(pair=pair)
    return Manifest.model_validate(fields | {"detect": fields["detect"] | (detect or {})} | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "segment"}, "expected the part segment and no other, got detect"),
        ({"segment": {}}, "expected the part detect and no other, got segment, detect"),
        ({"labels": ()}, "labels: expected at least one"),
        ({"labels": ("hole", "hole")}, "labels: expected at least one, all different"),
        ({"outputs": [{"name": "boxes"}]}, "outputs: expected 2 for ssd, got 1"),
        (
            {"detect": {"priors": ()}},
            "priors: expected them for the decoder ssd and for no other, got 0 maps",
        ),
        ({"detect": {"decoder": "yolov8"}}, "priors: expected them for the decoder ssd and for no other"),
        ({"detect": {"decoder": "yolov8", "priors": ()}}, "background: yolov8 has no such score"),
        ({"detect": {"background": False}}, "softmax needs a background score"),
        ({"detect": {"inputs": "pair"}}, "golden/ok.png: expected a reference"),
    ],
)
def test_a_part_that_contradicts_itself_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace("(", r"\(")):
        manifest(**changes)


def test_a_yolo_output_is_activated_in_the_graph() -> None:
    detect = {"decoder": "yolov5", "priors": (), "background": False}
    with pytest.raises(ValidationError, match="yolov5 gives scores, not sigmoid's input"):
        manifest(detect=detect, outputs=[{"name": "rows", "activation": "sigmoid"}])


def test_one_label_is_enough_and_it_is_found() -> None:
    assert manifest(labels=("hole",)).findable == ("hole",)


def test_who_needs_another_task_is_told() -> None:
    segment = Manifest.model_validate(bundle_parts()[0])

    assert segment.findable == ("crack",)
    with pytest.raises(ManifestError, match="tiny: expected a detect model, got one to segment"):
        Detector(segment)
    with pytest.raises(ManifestError, match="cells: expected a segment model, got one to detect"):
        manifest().require_segment()


def test_the_card_shows_how_findings_come_about(tmp_path: Path) -> None:
    card = describe(open_bundle(make_cell_bundle(tmp_path / "cells.zip", pair=True)))

    rows = {row.title: row.value for row in card.summary}
    assert rows["decoder"] == "ssd, 64 priors on 1 maps"
    assert rows["input"].endswith("test picture and reference")
    assert rows["suppression"] == "IoU above 0.45, at most 200 findings"
    assert "votes" not in rows
    assert "pixel threshold" not in rows


def test_the_detector_gives_boxes_within_the_input_without_doubles() -> None:
    offsets = np.zeros((1, 64, 4), np.float32)
    offsets[0, 0, :2] = -5.0
    scores = np.zeros((1, 64, 3), np.float32)
    scores[0, :, 0] = 9.0
    scores[0, 0] = (0.0, 9.0, 0.0)

    found = Detector(manifest()).find((offsets, scores), 0.5).found

    assert found.boxes_xyxy.tolist() == [[0, 0, 4, 4]]


def voting(raw: npt.NDArray[np.float32], min_score: float, offset: float = 0.0) -> Candidates:
    """What the raw scores of two neighbouring, large priors come to by two votes."""
    priors = [{"map_wh": (8, 8), "sizes_wh": [(40, 40)]}]
    spec = manifest(detect={"priors": priors, "votes": 2, "exclusive": True})
    scores = np.zeros((1, 64, 3), np.float32)
    scores[0, :, 0] = 9.0
    scores[0, 27:29] = raw
    offsets = np.zeros((1, 64, 4), np.float32)
    offsets[0, 28] = offset
    return Detector(spec).find((offsets, scores), min_score)


def test_boxes_that_agree_make_up_a_finding_whatever_is_asked_for() -> None:
    raw = np.array([(0.0, 3.0, -9.0), (0.0, 1.0, -9.0)], np.float32)
    low, high = voting(raw, 0.01), voting(raw, 0.8)

    mean = (1 / (1 + np.exp(-3)) + 1 / (1 + np.exp(-1))) / 2
    assert low.found.scores == high.found.scores == pytest.approx([mean], abs=1e-4)
    assert 8 < low.found.boxes_xyxy[0, 0] < 12
    assert low.score_max == high.score_max == pytest.approx(mean, abs=1e-4)


def test_what_too_few_boxes_say_is_no_finding_but_its_score_is_told() -> None:
    seen = voting(np.array([(0.0, 3.0, -9.0), (9.0, 0.0, 0.0)], np.float32), 0.8)

    assert len(seen.found) == 0
    assert seen.score_max == pytest.approx(0.5 / (1 + np.exp(-3)), abs=1e-4)


def test_a_box_of_no_numbers_does_not_vanish_in_a_vote() -> None:
    seen = voting(np.array([(0.0, 3.0, -9.0), (0.0, 2.0, -9.0)], np.float32), 0.8, float("nan"))

    assert np.isnan(seen.score_max)


def test_golden_findings_come_back_as_they_were_written() -> None:
    found = detections((1, 0.91234, (1.0, 2.0, 3.25, 4.0)), (0, 0.5, (0.0, 0.0, 9.0, 9.0)))

    read = read_findings(write_findings(found, LABELS), LABELS, "b.zip: golden/ng.json")

    assert read.class_ids.tolist() == [1, 0]
    assert read.boxes_xyxy.tolist() == found.boxes_xyxy.tolist()
    assert read.scores == pytest.approx(found.scores, abs=1e-4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", r".*Invalid JSON"),
        (b'[{"class": "hole"}]', r".*\[0\]\.score: Field required"),
        (b'[{"class": "dent", "score": 1, "box_xyxy": [0, 0, 1, 1]}]', "not among the labels: dent"),
        (
            b'[{"class": "hole", "score": 2, "box_xyxy": [0, 0, 1, 1]}]',
            r".*\[0\]\.score: .*less than or equal to 1",
        ),
    ],
)
def test_golden_findings_that_cannot_be_used_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(ManifestError, match=f"b.zip: golden/ng.json: {words}"):
        read_findings(data, LABELS, "b.zip: golden/ng.json")
