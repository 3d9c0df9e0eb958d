import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from edgevision.build import Models, load_models
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import Station
from edgevision.daemon.reload import Changes, Reloader, read_changes
from edgevision.daemon.service import Service
from edgevision.errors import BundleError, ConfigError
from edgevision.health import Beats
from edgevision.host.fake import FakeServiceManager
from tests.bundles import make_bundle
from tests.stations import loaded_station, write_station

LONG_S = 60.0


@dataclass
class Running:
    """What a station was started with, and its files."""

    path: Path
    station: Station
    recipe: LoadedRecipe
    models: Models

    def change(self, file: str, **fields: object) -> None:
        path = self.path.with_name(file)
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | fields))

    def read(self) -> Changes:
        return read_changes(self.path, self.station, self.recipe, self.models)


@pytest.fixture
def running(tmp_path: Path) -> Running:
    path = write_station(tmp_path, {"source": "sample:1"})
    station, recipe = loaded_station(path)
    return Running(path, station, recipe, load_models(recipe, station))


def test_files_that_say_the_same_change_nothing(running: Running) -> None:
    changes = running.read()

    assert (changes.models, changes.needs_restart) == (None, ())
    assert str(changes) == "reloaded: same recipe"


def test_a_new_recipe_comes_with_its_own_models(running: Running) -> None:
    running.change("recipe.yaml", version="2.0.0")
    changes = running.read()

    assert changes.models is not None
    assert changes.models is not running.models
    assert str(changes) == "reloaded: recipe dark 2.0.0 from now on"


def test_another_bundle_under_the_same_recipe_is_loaded(running: Running) -> None:
    make_bundle(running.path.with_name("tiny.zip"), version="9.0.0")

    assert running.read().models is not None


def test_settings_that_need_a_restart_are_named_and_stay(running: Running) -> None:
    running.change("station.yaml", cameras=[{"source": "sample:2"}], metrics_every_s=9.0, topic_root="plant2")
    changes = running.read()

    assert changes.needs_restart == ("topic_root", "cameras")
    assert changes.station.cameras == running.station.cameras
    assert changes.station.metrics_every_s == 9.0
    assert str(changes) == "reloaded: same recipe; restart for topic_root, cameras"


def test_a_mistake_is_refused_with_its_place(running: Running) -> None:
    running.change("recipe.yaml", rulez=[])

    with pytest.raises(ConfigError, match="rulez"):
        running.read()


def test_a_bundle_that_cannot_be_trusted_is_refused(running: Running) -> None:
    bundle = running.path.with_name("tiny.zip")
    bundle.write_bytes(bundle.read_bytes()[:-100])

    with pytest.raises(BundleError, match=r"tiny\.zip"):
        running.read()


def look_until_told(reloader: Reloader, read: Callable[[Path], Changes]) -> tuple[list[str], list[Changes]]:
    """Reload once; return what systemd was told, and what was adopted."""
    manager, is_done = FakeServiceManager(), threading.Event()
    adopted: list[Changes] = []
    service = Service(manager, Beats(), lambda: 0.0)
    service.look(has_first_frame=True, status="")

    def read_and_tell(path: Path) -> Changes:
        try:
            return read(path)
        finally:
            is_done.set()

    reloader.look(read_and_tell, adopted.append, service)
    assert is_done.wait(LONG_S)
    while manager.count("READY=1") < 2:
        reloader.look(read_and_tell, adopted.append, service)
    service.look(has_first_frame=True, status="Ready")
    return manager.told, adopted


def test_what_was_asked_is_read_adopted_and_told(running: Running) -> None:
    running.change("recipe.yaml", version="2.0.0")
    asked = threading.Event()
    asked.set()
    told, adopted = look_until_told(Reloader(running.path, asked), lambda _: running.read())

    assert [changes.recipe.ref.version for changes in adopted] == ["2.0.0"]
    assert told[-1] == "STATUS=Ready; reloaded: recipe dark 2.0.0 from now on"
    assert told.index("RELOADING=1") < len(told) - 2
    assert not asked.is_set()


def test_what_is_refused_is_not_adopted_and_the_reason_is_told(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    running.path.unlink()
    asked = threading.Event()
    asked.set()
    told, adopted = look_until_told(Reloader(running.path, asked), lambda _: running.read())

    assert adopted == []
    assert told[-1].startswith("STATUS=Ready; reload refused: ")
    assert "the station goes on as it was" in caplog.text
