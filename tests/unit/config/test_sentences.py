"""Each mistake in a document is told with its place, what was expected, and the remedy."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from edgevision.bundle.manifest import Manifest
from edgevision.config.document import load_any
from edgevision.config.sentences import PATTERNS
from edgevision.config.station import Station
from edgevision.errors import ConfigError
from edgevision.recipe import Recipe
from tests.unit.config.documents import RECIPE, STATION, refusal, write


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("edgevision.recipe/1", "edgevision.recipe/9", "1:1: schema: got 'edgevision.recipe/9'"),
        ("schema: edgevision.recipe/1", "x: 1", "1:1: schema: missing"),
        ("name: plate", "nmae: plate", "2:1: nmae: unknown key; did you mean 'name'?"),
        ("name: plate", "name: a plate", "2:1: name: expected a name of at most 64 letters"),
        ('"1.0"', "1.0", "3:1: version: expected text, got 1.0; put it in quotes"),
        ('"1.0"', '"one"', "3:1: version: expected a version such as"),
        ("    bundle: builtin:surface-crack\n", "", "5:5: tasks[0].bundle: missing; add it"),
        ("label: crack", "lable: crack", "9:5: rules[0].lable: unknown key; did you mean 'label'?"),
        ("max_count: 0", "max_count: -1", "10:5: rules[0].max_count: expected at least 0, got -1"),
        ("max_count: 0", "max_count: true", "10:5: rules[0].max_count: expected a whole number, got true"),
        ("max_count: 0", "max_count: two", "10:5: rules[0].max_count: expected a whole number, got 'two'"),
        ("max_count: 0", "max_area_px: 0", "10:5: rules[0].max_area_px: expected more than 0, got 0"),
        ("    max_count: 0\n", "", "8:5: rules[0]: a rule without a limit judges nothing"),
        ("max_count: 0", "max_count: 0\n    zone: rim", "1:1: rule no-crack: zone rim is not among zones"),
        ("label: crack", "label: [crack]", "9:5: rules[0].label: expected text, got a list of 1"),
        (
            "    bundle: b",
            "    scaling: tiles\n    bundle: b",
            "6:5: tasks[0].scaling: expected one of tile, stretch, letterbox, got 'tiles'; did",
        ),
        (
            "    bundle: b",
            "    region: {rectangle_xyxy: [0, 0, 9]}\n    bundle: b",
            "6:14: tasks[0].region.rectangle_xyxy[3]: expected more items, got 3",
        ),
        (
            "    bundle: b",
            "    region: {polygon_xy: [[0, 0], [9, 9]]}\n    bundle: b",
            "6:14: tasks[0].region.polygon_xy: expected at least 3 in the list, got 2",
        ),
    ],
)
def test_a_mistake_is_told_with_line_key_expectation_and_remedy(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert any(line.startswith(expected) for line in refusal(tmp_path, RECIPE.replace(old, new)))


def test_every_mistake_is_listed_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = (
        STATION.replace("line1", "line 1").replace("name: cam1", "nam: cam1") + "mqtt: {port: 1, port: 2}\n"
    )

    lines = refusal(tmp_path, text)

    assert [line.split(": ")[:2] for line in lines] == [
        ["2:1", "station"],
        ["5:5", "cameras[0].nam"],
        ["7:1", "mqtt.host"],
        ["7:17", "mqtt.port"],
    ]


def test_a_list_with_a_wrong_item_is_not_also_called_too_short(tmp_path: Path) -> None:
    lines = refusal(tmp_path, RECIPE.replace("max_count: 0", "max_count: x"))

    assert len(lines) == 1


def spoiled(content: Any, path: list[int], value: Any) -> Any:
    """Replace the value that `path` leads to, whatever it is, by another."""
    if not path or not isinstance(content, dict | list) or not content:
        return value
    keys = list(content) if isinstance(content, dict) else list(range(len(content)))
    key = keys[path[0] % len(keys)]
    content[key] = spoiled(content[key], path[1:], value)
    return content


@settings(deadline=None)
@given(
    text=st.sampled_from([RECIPE, STATION]),
    path=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
        max_leaves=6,
    ),
)
def test_a_spoiled_value_is_accepted_or_refused_with_its_place(
    tmp_path_factory: pytest.TempPathFactory, text: str, path: list[int], value: Any
) -> None:
    file = write(tmp_path_factory.getbasetemp(), yaml.safe_dump(spoiled(yaml.safe_load(text), path, value)))
    refused = ""
    try:
        load_any(file)
    except ConfigError as error:
        refused = str(error)

    assert all(re.match(r"\d+:\d+: \S", line.removeprefix(f"{file}:")) for line in refused.splitlines())


@pytest.mark.parametrize("model", [Station, Recipe, Manifest])
def test_every_pattern_of_the_formats_has_its_words(model: type[BaseModel]) -> None:
    def patterns(node: Any) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(patterns, node))
        if not isinstance(node, dict):
            return set()
        own = {node["pattern"]} if isinstance(node.get("pattern"), str) else set()
        return own.union(*map(patterns, node.values()))

    found = patterns(model.model_json_schema())
    assert found
    assert found <= set(PATTERNS)
