import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from edgevision.bundle.manifest import Manifest
from edgevision.config.document import (
    LoadedRecipe,
    LoadedStation,
    load_any,
    load_recipe,
    load_station,
)
from edgevision.config.sentences import PATTERNS
from edgevision.config.station import Station
from edgevision.errors import ConfigError
from edgevision.recipe import Recipe

RECIPE = """\
schema: edgevision.recipe/1
name: plate
version: "1.0"
tasks:
  - name: surface
    bundle: builtin:surface-crack
rules:
  - name: no-crack
    label: crack
    max_count: 0
"""

STATION = """\
schema: edgevision.station/1
station: line1
recipe: recipes/plate.yaml
cameras:
  - name: cam1
    source: 0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> list[str]:
    """Return the lines of the message without the path."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_any(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_a_station_is_read_with_paths_from_its_own_folder(tmp_path: Path) -> None:
    text = STATION + "mqtt:\n  host: h\n  password_file: secret\n  tls: {ca_file: /etc/ca.pem}\n"

    station = load_station(write(tmp_path, text))

    assert station.recipe == tmp_path / "recipes/plate.yaml"
    assert station.mqtt is not None
    assert station.mqtt.password_file == tmp_path / "secret"
    assert station.mqtt.tls is not None
    assert station.mqtt.tls.ca_file == Path("/etc/ca.pem")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("0", "0"),
        ('"2"', "2"),
        ("rtsp://user@10.0.0.1/s", "rtsp://user@10.0.0.1/s"),
        ("sample:7", "sample:7"),
        ("/dev/video0", "/dev/video0"),
        ("clips/a.mp4", "{}/clips/a.mp4"),
    ],
)
def test_only_a_camera_source_that_is_a_path_starts_at_the_file(
    tmp_path: Path, source: str, expected: str
) -> None:
    station = load_station(write(tmp_path, STATION.replace("source: 0", f"source: {source}")))

    assert station.cameras[0].source == expected.format(tmp_path)


def test_a_relative_name_of_the_file_gives_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, RECIPE)
    monkeypatch.chdir(tmp_path)

    assert load_recipe(Path("file.yaml")).base_dir == tmp_path


def test_the_schema_key_says_what_a_file_is(tmp_path: Path) -> None:
    assert isinstance(load_any(write(tmp_path, RECIPE)), LoadedRecipe)
    assert isinstance(load_any(write(tmp_path, STATION)), LoadedStation)


def test_a_recipe_keeps_its_hash_when_only_its_writing_changes(tmp_path: Path) -> None:
    content = yaml.safe_load(RECIPE)
    rewritten = "# comment\n" + yaml.safe_dump(content, sort_keys=True, default_flow_style=True)
    changed = RECIPE.replace("max_count: 0", "max_count: 1")

    first = load_recipe(write(tmp_path, RECIPE)).ref
    assert load_recipe(write(tmp_path, rewritten)).ref == first
    assert load_recipe(write(tmp_path, changed)).ref.sha256 != first.sha256
    assert (first.name, first.version, len(first.sha256)) == ("plate", "1.0", 64)


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


def test_the_wrong_kind_of_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected edgevision\.station/1.*right file\?$"):
        load_station(write(tmp_path, RECIPE))
    with pytest.raises(ConfigError, match=r"expected edgevision\.recipe/1"):
        load_recipe(write(tmp_path, STATION))


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


def test_a_triggered_camera_has_no_change_gate(tmp_path: Path) -> None:
    gated = STATION + "    change_gate: {full_every_s: 2}\n"

    assert load_station(write(tmp_path, gated)).cameras[0].change_gate is not None
    (line,) = refusal(tmp_path, gated + "    mode: triggered\n")
    assert line.startswith("5:5: cameras[0]: change_gate: each trigger asks about another part")


@pytest.mark.parametrize("host", ["h", "broker.plant", "192.0.2.7", "::1", "fe80::1%eth0", "2001:db8::7"])
def test_a_broker_is_named_or_numbered(tmp_path: Path, host: str) -> None:
    station = load_station(write(tmp_path, STATION + f"mqtt: {{host: '{host}'}}\n"))

    assert station.mqtt is not None
    assert station.mqtt.host == host


def test_a_camera_named_like_a_topic_of_the_station_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "station.yaml"
    file.write_text(
        "schema: edgevision.station/1\nstation: line1\nrecipe: r.yaml\n"
        "cameras: [{name: alarm, source: 'sample:1'}]\n"
    )

    with pytest.raises(ConfigError, match="alarm is a topic of the station itself; rename the camera"):
        load_station(file)


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("    reopen_min_s: 40\n", "expected reopen_min_s at most reopen_max_s, got 40.0 and 0.75"),
        ("    width: true\n", "cameras[0].width: expected a whole number, got true"),
        (
            "    url_password_file: pw\n  - {source: 'rtsp://bob:hush@10.0.0.1/s'}\n",
            "8:6: cameras[1].source: expected no password in this file; write it into a file of its own",
        ),
        ("    fps: 1.0e-300\n", "cameras[0].fps: expected at least 0.001, got"),
        (
            "mqtt: {host: h, reconnect_min_s: 9, reconnect_max_s: 3}\n",
            "expected reconnect_min_s at most reconnect_max_s, got 9.0 and 3.0",
        ),
        (
            "mqtt: {host: h, password_credential: ../../etc/shadow}\n",
            "mqtt.password_credential: expected the name of a credential",
        ),
        (
            "mqtt: {host: 'mqtt://localhost'}\n",
            "7:8: mqtt.host: expected the name or the address of a host alone",
        ),
        (
            "mqtt: {host: 'localhost:1883'}\n",
            "(`port` and `tls` are keys of their own), got 'localhost:1883'",
        ),
        ("commands: {enabled: true}\n", "7:1: commands: they come over MQTT; give the section mqtt too"),
        ("ledger: {path: l.db}\n", "7:1: ledger: it keeps results for a broker; give the section mqtt too"),
        ("home_assistant: {}\n", "7:1: home_assistant: it is told over MQTT; give the section mqtt too"),
        ("  - source: 1\n    name: cam1\n", "8:5: cameras[1].name: expected different names, got cam1, cam1"),
        ("  - {source: 1, name: alarm}\n", "7:17: cameras[1].name: alarm is a topic of the station itself"),
        (
            "triggers: {gpio: [{chip: /dev/gpiochip0, line: 3, camera: cam9}]}\n",
            "7:51: triggers.gpio[0].camera: cam9 is no camera of mode triggered",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, addition: str, expected: str) -> None:
    (line,) = refusal(tmp_path, STATION + addition)

    assert expected in line
