import json

import pytest

from edgevision.bench.figures import Spread
from edgevision.bench.suite.report import Row, Target, encode
from tests.unit.bench.suite.reports import suite_report


@pytest.mark.parametrize(
    ("kind", "median", "is_met"),
    [("at least", 1.7, True), ("at least", 1.69, False), ("at most", 1.7, True), ("at most", 1.71, False)],
)
def test_the_median_has_to_reach_the_target(kind: str, median: float, is_met: bool) -> None:
    target = Target("at least" if kind == "at least" else "at most", 1.7)

    assert Row("rate", target, Spread(median, 0.0, 9.0)).is_met is is_met


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert Row("rate", Target("at least", 1.7), None, note="no broker").is_met is None
    assert Row("rate", None, Spread(1.0, 1.0, 1.0)).is_met is None


def test_the_json_holds_facts_rows_and_tables() -> None:
    said = json.loads(encode(suite_report()))

    assert said["schema"] == "edgevision.bench-suite/1"
    assert said["instruction_sets"] == ["avx2", "avx512_vnni"]
    assert [row["is_met"] for row in said["rows"]] == [False, True, None]
    assert said["rows"][1]["value"] == {"median": 211.4, "low": 210.0, "high": 213.0}
    assert said["tables"][0]["rows"] == [["loop", "150 /s"]]
