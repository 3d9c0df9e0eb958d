"""Tuning as a user runs it: what is measured, what is kept, where and for whom."""

from pathlib import Path

import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import choose_engine
from edgevision.engines.machine import parallel_calls, streams_for
from tests.bundles import make_bundle
from tests.integration.conftest import Command

RECIPE = """\
schema: edgevision.recipe/1
name: tiny
version: "1.0"
tasks:
  - name: surface
    bundle: tiny.zip
rules:
  - name: cracks
    max_count: 0
"""
STATION = """\
schema: edgevision.station/1
station: line1
recipe: recipe.yaml
cameras:
  - name: cam1
    source: sample:1
engine:
  name: onnxruntime
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "tiny.zip"))


def station(folder: Path, engine: str = "") -> Path:
    (folder / "recipe.yaml").write_text(RECIPE)
    file = folder / "line1.yaml"
    file.write_text(STATION + engine)
    return file


def test_a_bundle_is_tuned_for_a_live_camera_and_for_replay_and_the_choice_is_kept(
    command: Command, bundle: Bundle, tmp_path: Path
) -> None:
    done = command("tune", tmp_path / "tiny.zip", "--seconds", "0.1")

    assert done.status == 0, done.err
    assert "One live camera: a call at a time" in done.out
    assert "onnxruntime" in done.out
    assert done.out.count("Chosen: ") == done.out.count("a call, ") + done.out.count("a call: within")
    kept_in = tmp_path / "cache" / "edgevision" / "engines.json"
    assert f"Remembered in {kept_in} for commands and stations of this user" in done.out
    assert "a service has a memory of its own" in done.out
    for streams in {1, parallel_calls()}:
        assert choose_engine(bundle, EngineSettings(), streams).is_remembered


def test_a_station_is_tuned_as_it_will_run_and_where_it_looks(
    command: Command, bundle: Bundle, tmp_path: Path
) -> None:
    file = station(tmp_path, f"  cache_dir: {tmp_path / 'own'}\n")

    done = command("tune", "-c", file, "--seconds", "0.1")

    assert done.status == 0, done.err
    assert "Station line1 with 1 camera: a call at a time" in done.out
    kept_in = tmp_path / "own" / "engines.json"
    assert f"Remembered in {kept_in} for station line1, by its engine.cache_dir." in done.out
    settings = EngineSettings(name="onnxruntime", cache_dir=tmp_path / "own")
    assert choose_engine(bundle, settings, streams_for(1)).is_remembered
    assert not (tmp_path / "cache").exists()


def test_what_cannot_be_kept_is_shown_and_not_called_remembered(
    command: Command, bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    file = station(tmp_path, f"  cache_dir: {tmp_path / 'file' / 'cache'}\n")

    done = command("tune", "-c", file, "--seconds", "0.1")

    assert done.status == 8
    assert "Chosen: onnxruntime" in done.out
    assert "Remembered" not in done.out
    assert "is not remembered" in done.err


def test_a_choice_that_will_not_hold_is_not_called_remembered(
    command: Command, bundle: Bundle, tmp_path: Path
) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has a GPU build of ONNX Runtime")

    done = command("tune", "-c", station(tmp_path, "  provider: cuda\n"), "--seconds", "0.1")

    assert done.status == 5
    assert "cuda, runs on cpu" in done.out
    assert "Remembered" not in done.out
    assert "a provider was missing" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected a bundle"),
        (("builtin:surface-crack", "-c", "line1.yaml"), "leave out BUNDLE"),
        (("-c", "line1.yaml", "--precision", "fp32"), "leave out BUNDLE, --engine and --precision"),
    ],
)
def test_either_a_bundle_or_a_station_is_tuned(
    command: Command, arguments: tuple[str, ...], said: str
) -> None:
    done = command("tune", *arguments)

    assert done.status == 2
    assert said in done.err


def test_a_damaged_bundle_is_refused(command: Command, tmp_path: Path) -> None:
    file = make_bundle(tmp_path / "tiny.zip")
    file.write_bytes(file.read_bytes()[:-100])

    assert command("tune", file).status == 4
