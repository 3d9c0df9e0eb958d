import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.errors import UsageError
from export.detect.folder import read_boxes
from export.detect.results import evaluate_results
from export.detect.sample import BoxSet
from tests.boxes import LABELS, box_samples, write_voc

pytestmark = pytest.mark.export


@pytest.fixture(name="samples")
def _samples(tmp_path: Path) -> BoxSet:
    return read_boxes(write_voc(tmp_path / "shapes"), "val", LABELS)


def lines(score: float = 0.9, *, without: int | None = None) -> list[dict[str, object]]:
    """Results that find each object of the set with one score, but those of one picture."""
    results: list[dict[str, object]] = [
        {
            "file": f"{sample.name}.png",
            "defects": [
                {"class": LABELS[class_id], "score": score, "box_xyxy": box}
                for class_id, box in zip(
                    sample.class_ids.tolist(), sample.boxes_xyxy.astype(int).tolist(), strict=True
                )
                if index != without
            ],
        }
        for index, sample in enumerate(box_samples(12))
    ]
    return results


def written(path: Path, values: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def test_results_that_find_all_are_worth_all(tmp_path: Path, samples: BoxSet) -> None:
    found = evaluate_results(
        written(tmp_path / "r.jsonl", [*lines(), {"file": "another.png", "defects": []}]), samples, 0.5
    )

    assert found.pictures == 12
    assert {name: found.figures[name] for name in ("map50", "f50", "map33", "f33")} == pytest.approx(
        {"map50": 1.0, "f50": 1.0, "map33": 1.0, "f33": 1.0}
    )


def test_what_is_missed_or_below_the_threshold_costs(tmp_path: Path, samples: BoxSet) -> None:
    missed = evaluate_results(written(tmp_path / "r.jsonl", lines(without=0)), samples, 0.5)
    low = evaluate_results(written(tmp_path / "low.jsonl", lines(0.3)), samples, 0.5)

    assert missed.metrics.curves["square"].average_precision == pytest.approx(5 / 6)
    assert missed.metrics.curves["bar"].average_precision == pytest.approx(3 / 4)
    assert low.figures["map50"] == pytest.approx(1.0)
    assert low.figures["f50"] == 0.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nno json\n", r"r\.jsonl:2: expected results of a folder of pictures.*Invalid JSON"),
        ('{"file": "p000.png"}\n[]\n', r"r\.jsonl:2: expected results"),
        ('{"file": null}\n', r"r\.jsonl:1: .*file: Input should be a valid string"),
        (
            '{"file": "p000.png", "defects": [{"class": "bar", "score": 1, "box_xyxy": [0, 1]}]}\n',
            r"r\.jsonl:1: .*defects: 0: box_xyxy: 2: Field required",
        ),
        (
            '{"file": "a/p000.png"}\n{"file": "x.png"}\n{"file": "x.png"}\n{"file": "b/p000.png"}\n',
            r"r\.jsonl:4: expected one result of each picture, got a/p000\.png in line 1 and b/p000\.png",
        ),
        ('{"file": "p000.png", "defects": []}\n', "got none of p001"),
        (
            '{"file": "p000.png", "defects": [{"class": "crack", "score": 1, "box_xyxy": [0, 0, 1, 1]}]}\n',
            "found crack, which the pictures are not labelled with: square, bar",
        ),
    ],
)
def test_results_that_do_not_fit_are_told(tmp_path: Path, samples: BoxSet, text: str, message: str) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(text)

    with pytest.raises(UsageError, match=message):
        evaluate_results(file, samples, 0.5)
    with pytest.raises(UsageError, match="cannot be read"):
        evaluate_results(tmp_path / "none.jsonl", samples, 0.5)
