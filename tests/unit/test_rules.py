from typing import Any

import pytest

from edgevision.rules import judge
from edgevision.types import Defect, Findings, Judgement, Verdict
from tests.unit.recipes import make_defect, make_recipe

BAND = {"low": 0.4, "high": 0.6}


def _judge(
    *defects: Defect,
    rule: dict[str, Any] | None = None,
    rules: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Verdict:
    recipe = make_recipe(*(rules or [rule or {"max_count": 0}]), **fields)
    return judge([Findings("surface", defects)], recipe)


def _codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_nothing_found_is_ok_without_reasons() -> None:
    assert _judge() == Verdict(Judgement.OK)


def test_too_many_defects_are_ng_with_facts_and_a_sentence() -> None:
    verdict = _judge(
        make_defect(length_px=12.0),
        make_defect(box_xyxy=(300, 195, 324, 205), length_px=41.3),
        rule={"name": "no-crack", "label": "crack", "max_count": 0},
    )
    assert verdict.judgement is Judgement.NG
    (reason,) = verdict.reasons
    assert reason.code == "count"
    assert reason.text == "2 cracks found, at most 0 allowed; longest 41 px at (312, 200)"
    assert reason.facts == {"rule": "no-crack", "label": "crack", "measured": 2, "limit": 0}


def test_as_many_defects_as_allowed_are_ok() -> None:
    assert _judge(make_defect(), make_defect(), rule={"max_count": 2}).judgement is Judgement.OK


def test_defects_without_length_are_described_by_area() -> None:
    (reason,) = _judge(make_defect("scratch"), rule={"max_count": 0}).reasons
    assert reason.text == "1 defect found, at most 0 allowed; largest 400 px at (120, 55)"
    (reason,) = _judge(make_defect("pit"), make_defect("pit"), rule={"label": "pit", "max_count": 0}).reasons
    assert reason.text.startswith("2 pits found")
    scratches = [make_defect("scratch"), make_defect("scratch")]
    (reason,) = _judge(*scratches, rule={"label": "scratch", "max_count": 0}).reasons
    assert reason.text.startswith("2 scratches found")


def test_defects_of_all_tasks_count_together() -> None:
    findings = [Findings("a", (make_defect(),)), Findings("b", (make_defect(),))]
    assert judge(findings, make_recipe({"max_count": 1})).judgement is Judgement.NG


@pytest.mark.parametrize(
    ("limit", "code", "measured"),
    [
        ({"max_area_px": 399.9}, "area", 400),
        ({"max_length_px": 40.0}, "length", 40.5),
        ({"max_width_px": 3.0}, "width", 3.5),
        ({"max_area_mm": 3.9}, "area", 4.0),
        ({"max_length_mm": 4.0}, "length", 4.05),
        ({"max_width_mm": 0.3}, "width", 0.35),
    ],
)
def test_each_limit_is_broken_by_more_and_kept_by_as_much(
    limit: dict[str, float], code: str, measured: float
) -> None:
    defect = make_defect(length_px=40.5, width_px=3.5, px_per_mm=10.0)
    verdict = _judge(defect, rule=limit)
    assert verdict.judgement is Judgement.NG
    (reason,) = verdict.reasons
    assert reason.code == code
    assert reason.facts["measured"] == pytest.approx(measured)
    assert f"crack at (120, 55) of {code}" in reason.text
    kept = dict.fromkeys(limit, measured + 1e-9)
    assert _judge(defect, rule=kept).judgement is Judgement.OK


def test_the_worst_defect_is_named() -> None:
    small, large = make_defect(length_px=50.0), make_defect(box_xyxy=(0, 0, 20, 20), length_px=80.0)
    (reason,) = _judge(small, large, rule={"max_length_px": 10}).reasons
    assert reason.facts["measured"] == 80
    assert "at (10, 10)" in reason.text


@pytest.mark.parametrize(
    "rule",
    [
        {"label": "pit"},
        {"min_score": 0.91},
        {"min_area_px": 401},
        {"min_length_px": 31},
        {"zone": "elsewhere"},
    ],
)
def test_a_rule_ignores_defects_that_do_not_match_it(rule: dict[str, Any]) -> None:
    zones = [{"name": "elsewhere", "rectangle_xyxy": (500, 300, 600, 400)}]
    defect = make_defect(length_px=30.0)
    assert _judge(defect, rule=rule | {"max_count": 0}, zones=zones).judgement is Judgement.OK


@pytest.mark.parametrize(
    "rule",
    [{"label": "crack"}, {"min_score": 0.9}, {"min_area_px": 400}, {"min_length_px": 30}, {"zone": "here"}],
)
def test_a_rule_holds_for_defects_that_just_match_it(rule: dict[str, Any]) -> None:
    zones = [{"name": "here", "rectangle_xyxy": (139, 59, 600, 400)}]
    defect = make_defect(length_px=30.0)
    assert _judge(defect, rule=rule | {"max_count": 0}, zones=zones).judgement is Judgement.NG


def test_a_lower_bound_in_length_excludes_defects_without_length() -> None:
    assert _judge(make_defect("pit"), rule={"min_length_px": 1, "max_count": 0}).judgement is Judgement.OK


@pytest.mark.parametrize(
    ("rectangle", "touches"), [((0, 0, 100, 100), False), ((0, 0, 101, 51), True), ((140, 0, 200, 99), False)]
)
def test_a_rectangle_is_touched_only_by_a_common_pixel(
    rectangle: tuple[int, int, int, int], touches: bool
) -> None:
    zones = [{"name": "zone", "rectangle_xyxy": rectangle}]
    verdict = _judge(make_defect(), rule={"zone": "zone", "max_count": 0}, zones=zones)
    assert (verdict.judgement is Judgement.NG) == touches


def test_a_polygon_zone_is_not_touched_by_a_defect_in_its_bounding_box_only() -> None:
    rule = {"zone": "corner", "max_count": 0}
    zones = [{"name": "corner", "polygon_xy": [(0, 0), (300, 0), (0, 300)]}]
    assert _judge(make_defect(), rule=rule, zones=zones).judgement is Judgement.NG
    outside = make_defect(box_xyxy=(250, 250, 280, 280))
    assert _judge(outside, rule=rule, zones=zones).judgement is Judgement.OK


def test_millimetres_without_calibration_are_not_decidable() -> None:
    verdict = _judge(make_defect(length_px=500.0), rule={"max_length_mm": 5})
    assert verdict.judgement is Judgement.ND
    assert _codes(verdict) == ["uncalibrated"]
    assert "px_per_mm" in verdict.reasons[0].text


def test_a_limit_in_millimetres_does_not_concern_defects_that_have_no_such_measure() -> None:
    assert _judge(make_defect("pit"), rule={"max_length_mm": 5}).judgement is Judgement.OK


@pytest.mark.parametrize(
    ("score", "judgement"),
    [(0.39, Judgement.OK), (0.4, Judgement.ND), (0.59, Judgement.ND), (0.6, Judgement.NG)],
)
def test_the_grey_band_decides_nothing(score: float, judgement: Judgement) -> None:
    verdict = _judge(make_defect(score=score), grey_band=BAND)
    assert verdict.judgement is judgement
    if judgement is Judgement.ND:
        assert _codes(verdict) == ["grey_band"]
        assert verdict.reasons[0].facts["measured"] == score


def test_a_grey_defect_that_breaks_no_rule_is_ok() -> None:
    assert _judge(make_defect(score=0.5), rule={"max_count": 1}, grey_band=BAND).judgement is Judgement.OK


def test_a_grey_defect_that_would_exceed_a_count_with_certain_ones_is_nd() -> None:
    defects = [make_defect(), make_defect(score=0.5)]
    assert _judge(*defects, rule={"max_count": 1}, grey_band=BAND).judgement is Judgement.ND


def test_a_grey_defect_that_would_exceed_a_size_is_nd() -> None:
    defects = [make_defect(length_px=5.0), make_defect(score=0.5, length_px=50.0)]
    assert _judge(*defects, rule={"max_length_px": 10}, grey_band=BAND).judgement is Judgement.ND


def test_a_certain_defect_makes_ng_whatever_the_grey_ones_are() -> None:
    verdict = _judge(make_defect(), make_defect(score=0.5), grey_band=BAND)
    assert verdict.judgement is Judgement.NG
    assert _codes(verdict) == ["count"]
    assert verdict.reasons[0].facts["measured"] == 1


def test_ng_of_one_rule_beats_nd_of_another_and_comes_first() -> None:
    grey_pit, crack = make_defect("pit", score=0.5), make_defect("crack")
    rules = [{"label": "pit", "max_count": 0}, {"label": "crack", "max_count": 0}]
    verdict = _judge(grey_pit, crack, rules=rules, grey_band=BAND)
    assert verdict.judgement is Judgement.NG
    assert _codes(verdict) == ["count", "grey_band"]
