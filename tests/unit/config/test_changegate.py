from typing import Any

import pytest

from edgevision.config.changegate import gate_problem
from tests.unit.recipes import make_recipe

POLYGON = {"polygon_xy": [[0, 0], [9, 0], [9, 9]]}
RECTANGLE = {"rectangle_xyxy": [0, 0, 9, 9]}
DETECT = {"name": "parts", "task": "detect", "bundle": "parts.zip"}


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"name": "surface", "bundle": "b.zip", "region": POLYGON}, None),
        (DETECT | {"region": RECTANGLE}, None),
        (DETECT | {"region": POLYGON}, "step parts of recipe test detects in a polygon"),
        ({"name": "kind", "task": "classify", "bundle": "b.zip"}, "step kind of recipe test tells which one"),
    ],
)
def test_only_recipes_that_say_how_near_a_verdict_was_can_be_gated(
    step: dict[str, Any], words: str | None
) -> None:
    problem = gate_problem(make_recipe(tasks=[step]))

    assert (problem is None) if words is None else problem is not None and problem.startswith(words)
