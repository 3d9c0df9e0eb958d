"""Reasons as stations give them, in Chinese: made by the code that judges, so that no form is forgotten."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from edgevision.rules import judge
from edgevision.types import ClassScore, Defect, Findings, Identity, Verdict
from tests.browser.lines import dashboard_at
from tests.mosquitto import needs_mosquitto, running_mosquitto
from tests.unit.recipes import make_defect, make_recipe

pytestmark = [pytest.mark.broker, needs_mosquitto]

BOX = (10, 20, 30, 60)
GREY = {"low": 0.4, "high": 0.95}
LIMITS = ("max_area_px", "max_length_px", "max_width_px", "max_area_mm", "max_length_mm", "max_width_mm")
IDENTITIES = [
    Identity("variant-a", 0.97, BOX),
    Identity(None, 0.31, BOX),
    Identity("variant-b", 0.5, BOX),
    Identity(None, 0.0, BOX, "20 px are too small, at least 40 needed"),
    Identity(None, 0.0, BOX, "a sharpness of 12 is blurred, at least 30 needed"),
    Identity(None, 0.0, BOX, "turned away by 50 degrees, at most 35 allowed"),
]
ENGLISH = ("expected", "at most", " of ", "allowed", "grey", "got ", "told", "needed", "found")
TRANSLATED = """async (texts) => {
  const { reasonText } = await import("/static/js/reasons.js");
  return texts.map(reasonText);
}"""


def judged(*defects: Defect, **rule: Any) -> Verdict:
    return judge([Findings("surface", defects)], make_recipe(rule, grey_band=GREY))


def seen(task: str, expected: list[str] | str, **found: Any) -> Verdict:
    gallery = {"gallery": "g"} if task == "recognise" else {}
    step = {"name": "who", "task": task, "bundle": "b.zip", "expected": expected} | gallery
    recipe = make_recipe({"max_count": 0}, tasks=[step], grey_band=GREY)
    return judge([Findings("who", (), **found)], recipe)


def verdicts() -> Iterator[Verdict]:
    defect = make_defect(score=0.99, length_px=40.5, width_px=3.5, px_per_mm=10.0)
    yield judged(defect, defect, max_count=0)
    yield judged(make_defect(score=0.99), max_count=0)
    yield judged(make_defect(score=0.5), max_count=0)
    for limit in LIMITS:
        yield judged(defect, **{limit: 0.1})
    for identity in IDENTITIES:
        yield seen("recognise", ["variant-b", "variant-c"], identities=(identity,))
    yield seen("recognise", "known", identities=(Identity(None, 0.31, BOX),))
    yield seen("recognise", ["variant-b"], identities=())
    for score in (0.5, 0.99):
        yield seen("classify", ["free"], score_max=score, classes=(ClassScore("crack", score),))


def test_a_name_that_people_gave_stays_as_it_is(page: Page, tmp_path: Path) -> None:
    names = ["constructor", "area", "length", "cut or dent", "somebody enrolled"]
    texts = [judged(make_defect(name, score=0.99), max_area_px=0.1).reasons[0].text for name in names]
    got = (ClassScore("px", 0.99),)
    texts += [seen("classify", [name], score_max=0.99, classes=got).reasons[0].text for name in names[:3]]
    with running_mosquitto() as broker, dashboard_at(broker.port, tmp_path) as at:
        page.goto(f"{at}?lang=zh")
        chinese = page.evaluate(TRANSLATED, texts)

    said = [f"的 {name}" for name in names] + [f"应为 {name}" for name in names[:3]]
    assert [part for part, text in zip(said, chinese, strict=True) if part not in text] == []


def test_every_reason_of_rules_and_expectations_is_known_in_chinese(page: Page, tmp_path: Path) -> None:
    texts = [verdict.reasons[0].text for verdict in verdicts()]
    texts.append(f"{texts[0]} (2 more)")
    with running_mosquitto() as broker, dashboard_at(broker.port, tmp_path) as at:
        page.goto(f"{at}?lang=zh")
        chinese = page.evaluate(TRANSLATED, [*texts, "something new"])
        page.goto(f"{at}?lang=en")
        english = page.evaluate(TRANSLATED, texts)

    assert chinese.pop() == "something new"
    assert english == texts
    assert chinese[-1].startswith(chinese[0])
    assert "另有 2 条" in chinese[-1]
    for text, translated in zip(texts, chinese, strict=True):
        assert translated != text
        assert [word for word in ENGLISH if word in translated] == []
