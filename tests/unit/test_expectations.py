from typing import Any

import pytest
from pydantic import ValidationError

from edgevision.rules import judge
from edgevision.types import ClassScore, Findings, Identity, Judgement, Verdict
from tests.unit.recipes import make_recipe

BOX = (10, 20, 30, 60)
B = Identity("variant-b", 0.9, BOX)
A = Identity("variant-a", 0.85, BOX)
UNKNOWN = Identity(None, 0.31, BOX)
SMALL = Identity(None, 0.0, BOX, "20 px are too small, at least 40 needed")


def recognised(*identities: Identity, expected: Any, **fields: Any) -> Verdict:
    step = {"name": "who", "task": "recognise", "bundle": "e.zip", "gallery": "g", "expected": expected}
    recipe = make_recipe({"max_count": 0}, tasks=[step], **fields)
    return judge([Findings("who", (), identities=identities)], recipe)


def classified(*classes: ClassScore, score_max: float, expected: Any = ("free",), **fields: Any) -> Verdict:
    step = {"name": "kind", "task": "classify", "bundle": "c.zip", "expected": expected}
    recipe = make_recipe({"max_count": 0}, tasks=[step], **fields)
    return judge([Findings("kind", (), score_max=score_max, classes=classes)], recipe)


@pytest.mark.parametrize(
    ("identities", "expected", "judgement", "codes"),
    [
        ((B,), ["variant-b"], "OK", []),
        ((A,), ["variant-a", "variant-b"], "OK", []),
        ((A,), ["variant-b"], "NG", ["identity"]),
        ((B, A), ["variant-b"], "NG", ["identity"]),
        ((UNKNOWN,), ["variant-b"], "NG", ["unknown"]),
        ((), ["variant-b"], "NG", ["missing"]),
        ((A, B), "known", "OK", []),
        ((), "known", "OK", []),
        ((A, UNKNOWN), "known", "NG", ["unknown"]),
        ((SMALL,), ["variant-b"], "ND", ["quality"]),
        ((B, SMALL), "known", "ND", ["quality"]),
        ((A, SMALL), ["variant-b"], "NG", ["identity", "quality"]),
        ((A, UNKNOWN, SMALL), None, "OK", []),
    ],
)
def test_what_is_expected_decides(
    identities: tuple[Identity, ...], expected: Any, judgement: str, codes: list[str]
) -> None:
    verdict = recognised(*identities, expected=expected)

    assert verdict.judgement == judgement
    assert [reason.code for reason in verdict.reasons] == codes


def test_reasons_are_sentences_with_facts() -> None:
    (reason,) = recognised(A, expected=["variant-b", "variant-c"]).reasons
    assert reason.text == "expected variant-b or variant-c, got variant-a at (20, 40) with score 0.85"
    assert reason.facts == {"rule": "who", "label": "variant-a", "measured": 0.85}
    (reason,) = recognised(UNKNOWN, expected="known").reasons
    assert reason.text == "expected somebody enrolled, got an unknown one at (20, 40); nearest score 0.31"
    (reason,) = recognised(SMALL, expected="known").reasons
    assert reason.text == "20 px are too small, at least 40 needed at (20, 40), so it cannot be told"


@pytest.mark.parametrize(("identity", "judgement"), [(B, "OK"), (A, "ND"), (UNKNOWN, "NG")])
def test_a_similarity_in_the_grey_band_decides_nothing(identity: Identity, judgement: str) -> None:
    band = {"low": 0.8, "high": 0.9}
    assert recognised(identity, expected=["variant-b"], grey_band=band).judgement == judgement


def test_the_most_probable_class_decides() -> None:
    free, crack = ClassScore("free", 0.6), ClassScore("crack", 0.4)
    assert classified(free, crack, score_max=0.4) == Verdict(Judgement.OK)
    (reason,) = classified(crack, free, score_max=0.6).reasons
    assert (reason.code, reason.text) == ("class", "expected free, got crack with probability 0.40")
    assert classified(crack, free, score_max=0.6, expected=None).judgement is Judgement.OK


@pytest.mark.parametrize(
    ("unexpected", "judgement"), [(0.1, "OK"), (0.2, "ND"), (0.7, "ND"), (0.8, "NG"), (1.0, "NG")]
)
def test_a_probability_in_the_grey_band_decides_nothing(unexpected: float, judgement: str) -> None:
    classes = ClassScore("free", 1 - unexpected), ClassScore("crack", unexpected)
    verdict = classified(*classes, score_max=unexpected, grey_band={"low": 0.2, "high": 0.8})
    assert verdict.judgement == judgement


def test_a_recipe_that_judges_nothing_is_refused() -> None:
    step = {"name": "who", "task": "recognise", "bundle": "e.zip", "gallery": "g"}
    with pytest.raises(ValidationError, match="rules: expected at least 1"):
        make_recipe(tasks=[step], rules=[])
    make_recipe(tasks=[step | {"expected": "known"}], rules=[])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"expected": []}, "expected"),
        ({"expected": ["two\nlines"]}, "expected"),
        ({"gallery": "../other"}, "gallery"),
        ({"gallery_key_file": "a", "gallery_key_credential": "b"}, "one of gallery_key_file"),
        ({"detector_sha256": "0" * 64}, "a detector that it belongs to"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    step = {"name": "who", "task": "recognise", "bundle": "e.zip", "gallery": "g"}
    with pytest.raises(ValidationError, match=words):
        make_recipe(tasks=[step | fields])
