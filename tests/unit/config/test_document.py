from pathlib import Path

import pytest
import yaml

from edgevision.config.document import (
    LoadedRecipe,
    LoadedStation,
    load_any,
    load_recipe,
    load_station,
)
from edgevision.errors import ConfigError
from tests.unit.config.documents import RECIPE, STATION, write


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


def test_the_wrong_kind_of_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected edgevision\.station/1.*right file\?$"):
        load_station(write(tmp_path, RECIPE))
    with pytest.raises(ConfigError, match=r"expected edgevision\.recipe/1"):
        load_recipe(write(tmp_path, STATION))
