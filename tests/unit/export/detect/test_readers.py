import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.errors import UsageError
from export.detect.folder import format_of, labels_of, read_boxes, read_splits
from tests.boxes import LABELS, box_samples, write_picture, write_voc, xml_of

pytestmark = pytest.mark.export


def voc_with(tmp_path: Path, annotation: str) -> Path:
    root = write_voc(tmp_path / "voc")
    (root / "Annotations/p000.xml").write_text(annotation)
    return root


def test_a_voc_folder_gives_pictures_boxes_and_classes(tmp_path: Path) -> None:
    root = write_voc(tmp_path / "voc")

    samples = read_boxes(root, "val", LABELS, pairs=True)

    assert format_of(root) == "voc"
    assert labels_of(root, "val") == ("bar", "square")
    assert samples.problems == ()
    for read, drawn in zip(samples, box_samples(12), strict=True):
        np.testing.assert_array_equal(read.image_bgr, drawn.image_bgr)
        np.testing.assert_array_equal(read.boxes_xyxy, drawn.boxes_xyxy)
        np.testing.assert_array_equal(read.class_ids, drawn.class_ids)
        assert read.reference_bgr is not None


def test_several_splits_are_read_as_one_set_with_the_problems_of_each(tmp_path: Path) -> None:
    root = voc_with(tmp_path, xml_of([("circle", [1, 2, 30, 9])]))

    both = read_splits(root, ["train", "val"], LABELS)

    assert both.description == "voc, split train and voc, split val"
    assert [sample.name for sample in both] == [
        sample.name for split in ("train", "val") for sample in read_boxes(root, split, LABELS)
    ]
    assert len(both.problems) == 1


@pytest.mark.parametrize(
    ("label", "box", "reason"),
    [
        ("square", [5, 5, 5, 9], "box 5, 5, 5, 9 has no area"),
        ("square", [80, 5, 99, 9], "reaches outside the picture of 96x64"),
        ("circle", [5, 5, 9, 9], "class 'circle' is not among square, bar"),
    ],
)
def test_a_bad_box_is_left_out_and_reported_with_its_line(
    label: str, box: list[int], reason: str, tmp_path: Path
) -> None:
    root = voc_with(tmp_path, xml_of([("bar", [1, 2, 30, 9]), (label, box)]))

    samples = read_boxes(root, "val", LABELS)

    (problem,) = samples.problems
    assert problem.file.name == "p000.xml"
    assert problem.line == 3
    assert reason in problem.reason
    assert samples[0].boxes_xyxy.tolist() == [[1, 2, 30, 9]]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("<annotation>\n<object>\n</annotation>", 3, "broken XML: mismatched tag"),
        ('<!DOCTYPE a [\n<!ENTITY e "x">]><a>&e;</a>', 2, "declares an entity, which is refused"),
    ],
)
def test_xml_that_cannot_be_trusted_leaves_the_picture_out(
    text: str, line: int, reason: str, tmp_path: Path
) -> None:
    samples = read_boxes(voc_with(tmp_path, text), "val", LABELS)

    (problem,) = samples.problems
    assert (problem.file.name, problem.line) == ("p000.xml", line)
    assert reason in problem.reason
    assert len(samples) == 11


def test_a_box_without_numbers_is_reported(tmp_path: Path) -> None:
    root = voc_with(tmp_path, "<a>\n<object><name>bar</name><bndbox><xmin>x</xmin></bndbox></object></a>")

    (problem,) = read_boxes(root, "val", LABELS).problems

    assert str(problem).endswith(
        "p000.xml:2: expected four numbers in bndbox, got xmin x, ymin missing, xmax missing, ymax missing; "
        "the box is left out"
    )


def test_a_coco_file_gives_boxes_and_the_lines_of_bad_ones(tmp_path: Path) -> None:
    sample = box_samples(1)[0]
    (tmp_path / "val").mkdir()
    (tmp_path / "annotations").mkdir()
    write_picture(tmp_path / "val/p000.png", sample.image_bgr)
    document = {
        "images": [{"id": 7, "file_name": "p000.png"}, {"id": 8, "file_name": "gone.png"}],
        "categories": [{"id": 1, "name": "square"}, {"id": 2, "name": "bar"}],
        "annotations": [
            {"image_id": 7, "category_id": 2, "bbox": [1, 2, 20, 10]},
            {"image_id": 7, "category_id": 1, "bbox": [1, 2, 0, 10]},
            {"image_id": 7, "category_id": 9, "bbox": [1, 2, 3, 4]},
            {"image_id": 7, "category_id": 1, "bbox": "wide"},
            {"image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4]},
        ],
    }
    text = json.dumps(document).replace("[{", "[\n{").replace("}, {", "},\n{")
    (tmp_path / "annotations/val.json").write_text(text)

    samples = read_boxes(tmp_path, "val", LABELS)

    assert labels_of(tmp_path, "val") == ("square", "bar")
    assert samples[0].boxes_xyxy.tolist() == [[1, 2, 21, 12]]
    assert samples[0].class_ids.tolist() == [1]
    lines = text.splitlines()
    shown = {problem.reason.split(";")[0]: lines[(problem.line or 0) - 1] for problem in samples.problems}
    assert len(shown) == 5
    assert '"category_id": 9' in shown["category 9 is not listed"]
    assert "[1, 2, 0, 10]" in shown["box 1, 2, 1, 12 has no area"]
    assert "wide" in shown["expected bbox as four numbers, got wide"]
    assert "gone.png" in shown["no picture 'gone.png'"]
    assert '"image_id": 9' in shown["names a picture that is not listed"]


def test_yolo_text_gives_boxes_and_the_lines_of_bad_ones(tmp_path: Path) -> None:
    sample = box_samples(1)[0]
    for folder in ("images/val", "labels/val"):
        (tmp_path / folder).mkdir(parents=True)
    write_picture(tmp_path / "images/val/p000.png", sample.image_bgr)
    (tmp_path / "data.yaml").write_text("names: {0: square, 1: bar}\n")
    (tmp_path / "labels/val/p000.txt").write_text("1 0.5 0.5 0.25 0.25\n5 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1\n")

    samples = read_boxes(tmp_path, "val", LABELS)

    assert labels_of(tmp_path, "val") == LABELS
    assert samples[0].boxes_xyxy.tolist() == [[36, 24, 60, 40]]
    assert samples[0].class_ids.tolist() == [1]
    assert [problem.line for problem in samples.problems] == [2, 3]


def test_a_folder_of_no_known_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a folder of labelled boxes with one of ImageSets"):
        read_boxes(tmp_path, "val", LABELS)
