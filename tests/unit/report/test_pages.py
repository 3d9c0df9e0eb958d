import re
import xml.etree.ElementTree as ET

from edgevision.compare import Key, Result, compare
from edgevision.report.charts import histogram, score_columns, time_columns, timeline
from edgevision.report.compared import comparison_page
from edgevision.report.replayed import replay_page
from edgevision.types import Judgement

OK, NG, ND = Judgement
HOSTILE = '<script>alert("x")</script>'


def result(frame_id: int, judgement: Judgement, truth: Judgement | None = None, reason: str = "") -> Result:
    boxes = (("crack", 0.9, (1, 2, 3, 4)),) if judgement is NG else ()
    codes = ("count",) if judgement is NG else ()
    return Result(Key("belt.mp4", frame_id), judgement, truth, 0.9, reason, codes, boxes, (64, 48), "P-1", ())


def heights(svg: str, judgement: Judgement) -> list[float]:
    tree = ET.fromstring(svg)
    return [float(bar.get("height", 0)) for bar in tree.iter("rect") if bar.get("class") == judgement]


def test_a_timeline_shows_every_inspection_in_at_most_120_columns() -> None:
    columns = time_columns([OK] * 900 + [NG] * 100)

    assert len(columns) <= 120
    assert sum(column.counts[OK] for column in columns) == 900
    assert sum(column.counts[NG] for column in columns) == 100
    assert columns[0].title == "inspections 1 to 9"
    assert len(heights(timeline(columns), NG)) == 12


def test_a_histogram_has_the_scores_and_a_line_for_each_threshold() -> None:
    columns = score_columns([(OK, 0.0), (NG, 1.0), (NG, 0.999), (ND, 0.5)])
    svg = histogram(columns, [0.88, 0.912])

    assert (columns[0].counts[OK], columns[-1].counts[NG], columns[25].counts[ND]) == (1, 2, 1)
    assert len(re.findall('class="mark"', svg)) == 2


def test_a_replay_report_says_what_is_not_shown() -> None:
    results = [result(number, NG) for number in range(100)] + [result(200, OK, truth=NG)]
    page = replay_page(results, results[:60], {results[0].key: b"jpeg"}, {}, {"recipe": "dark"})

    assert "40 of 100 NG and ND inspections have no picture here" in page
    assert page.count("<figure>") == 60
    assert page.count("data:image/jpeg") == 1
    assert "escapes: bad, judged OK" in page


def test_texts_from_outside_stay_texts() -> None:
    bad = result(0, NG, reason=HOSTILE)
    page = replay_page([bad], [bad], {}, {HOSTILE: 0.5}, {"recipe": HOSTILE, HOSTILE: HOSTILE})
    flips = compare([result(0, OK)], [bad])
    other = comparison_page(flips, flips.flips, {}, (HOSTILE, "b"), {HOSTILE: ("1", HOSTILE)})

    assert "<script" not in page + other
    assert "&lt;script&gt;" in page
    assert "&lt;script&gt;" in other


def test_nothing_inspected_gives_a_page_too() -> None:
    assert "There are none." in replay_page([], [], {}, {}, {})


def test_a_comparison_names_effects_and_what_only_one_side_has() -> None:
    found = compare([result(0, NG, truth=NG), result(1, OK)], [result(0, OK, truth=NG), result(2, OK)])
    page = comparison_page(found, found.flips, {}, ("a", "b"), {"engine": ("onnxruntime", "openvino")})

    assert "new escape" in page
    assert "Only in A" in page
    assert "Only in B" in page
    assert "engine ≠" in page
