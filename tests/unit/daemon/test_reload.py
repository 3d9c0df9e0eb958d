import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from edgevision.config.station import Station
from edgevision.daemon.recipes import ActiveRecipe
from edgevision.daemon.reload import Reload
from edgevision.errors import BundleError, ConfigError, EngineError, GoldenMismatch
from edgevision.ports import Engine
from tests.bundles import make_bundle
from tests.stations import loaded_station, write_station

LONG_S = 60.0


@dataclass
class Running:
    """What a station was started with, and its files."""

    path: Path
    active: ActiveRecipe
    reload: Reload
    taken: list[Station] = field(default_factory=list)

    def change(self, file: str, **fields: object) -> None:
        path = self.path.with_name(file)
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | fields))


@pytest.fixture
def running(tmp_path: Path) -> Running:
    path = write_station(tmp_path, {"source": "sample:1"})
    station, recipe = loaded_station(path)
    active = ActiveRecipe(recipe, station, "run-1", 1, lambda _: None)
    taken: list[Station] = []
    return Running(path, active, Reload(path, station, active, taken.append), taken)


def test_files_that_say_the_same_change_nothing(running: Running) -> None:
    models = running.active.models
    outcome = running.reload()

    assert (outcome.ok, outcome.text) == (True, "nothing new")
    assert running.active.models is models


def test_a_new_recipe_is_taken_over_and_named(running: Running) -> None:
    running.change("recipe.yaml", version="2.0.0")
    outcome = running.reload()

    assert (outcome.ok, outcome.text) == (True, "took over recipe dark 2.0.0")
    assert running.active.loaded.ref.version == "2.0.0"


def test_the_engines_of_a_replaced_recipe_are_repaired_no_more(running: Running) -> None:
    [step] = running.active.models._steps
    guard, tried = step.engine, threading.Event()

    def refuse() -> Engine:
        tried.set()
        raise GoldenMismatch("does not reproduce")

    assert guard._engine is not None
    guard._loads = (refuse,)
    guard._fail(guard._engine, EngineError("lost its device"))
    assert tried.wait(LONG_S)
    running.change("recipe.yaml", version="2.0.0")
    running.reload()

    assert guard._repair is not None
    guard._repair.join(LONG_S)
    assert not guard._repair.is_alive()


def test_another_bundle_under_the_same_recipe_is_loaded(running: Running) -> None:
    before = running.active.models.refs[0].sha256
    make_bundle(running.path.with_name("tiny.zip"), version="9.0.0")
    outcome = running.reload()

    assert (outcome.ok, outcome.text) == (True, "took over recipe dark 1.0.0")
    assert running.active.models.refs[0].sha256 != before


def test_settings_that_need_a_restart_are_named_and_stay(running: Running) -> None:
    running.change("station.yaml", cameras=[{"source": "sample:2"}], metrics_every_s=9.0, topic_root="plant2")
    outcome = running.reload()

    assert (outcome.ok, outcome.code) == (False, "restart_needed")
    assert outcome.text == "took over metrics_every_s; restart for topic_root, cameras"
    assert running.taken[-1].cameras[0].source == "sample:1"
    assert running.taken[-1].metrics_every_s == 9.0


def test_a_mistake_is_refused_with_its_place_and_changes_nothing(running: Running) -> None:
    running.change("recipe.yaml", rulez=[])
    running.change("station.yaml", metrics_every_s=9.0)

    with pytest.raises(ConfigError, match="rulez"):
        running.reload()
    assert running.taken == []


def test_a_bundle_that_cannot_be_trusted_is_refused(running: Running) -> None:
    bundle = running.path.with_name("tiny.zip")
    bundle.write_bytes(bundle.read_bytes()[:-100])

    with pytest.raises(BundleError, match=r"tiny\.zip"):
        running.reload()
