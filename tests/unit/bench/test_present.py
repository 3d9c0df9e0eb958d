from dataclasses import replace

from edgevision.bench.figures import Spread
from edgevision.bench.present import Table, tables
from edgevision.bench.report import PostProcess
from tests.unit.bench.reports import round_report


def titled(title: str) -> Table:
    return next(table for table in tables(round_report()) if table.title.startswith(title))


def test_every_row_has_a_cell_for_every_column() -> None:
    for table in tables(round_report()):
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_figures_are_rounded_to_what_can_be_told_apart_and_carry_their_unit() -> None:
    (_, loop) = titled("Whole loop").rows

    assert loop == (
        "openvino cpu int8",
        "150 /s (140 to 155)",
        "166 /s (160 to 170)",
        "0.90 (0.85 to 0.95)",
        "12.5 ms (12.0 to 13.0)",
        "1.06 (1.05 to 1.09)",
    )


def test_an_engine_that_does_not_run_is_listed_with_its_reason() -> None:
    rows = titled("Model alone").rows

    assert [row[0] for row in rows] == ["openvino cpu int8", "onnxruntime cpu int8"]
    assert rows[1][1] == "does not run: golden sample differs"


def test_a_made_clip_is_called_so() -> None:
    report = round_report()
    made = replace(report, video=replace(report.video, is_made=True, codec="FMP4"))

    shown = "the sample line, made for this run: FMP4, 1280 x 720, 300 frames"
    assert ("video", shown) in next(tables(made)).rows


def test_what_a_detector_costs_beside_its_model_is_shown_where_it_was_measured() -> None:
    detector = replace(round_report(), postprocess=PostProcess(200, Spread(0.31, 0.3, 0.35)))

    (shown,) = [table for table in tables(detector) if table.title == "From the answer to boxes"]

    assert shown.rows == [("200", "0.31 ms (0.30 to 0.35)")]
    assert not [table for table in tables(round_report()) if table.title == shown.title]
