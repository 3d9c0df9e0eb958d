"""A model that nobody uses any more is freed at once: it may be large, and a recipe changes often."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgevision.build import Models
from edgevision.config.document import load_recipe
from edgevision.config.station import EngineSettings
from edgevision.engines.spec import EngineName
from edgevision.types import Frame
from tests.bundles import dark_part
from tests.realengines import each_engine
from tests.stations import write_recipe


@contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@each_engine
@pytest.mark.parametrize("scaling", ["stretch", "letterbox", "tile"])
def test_replaced_models_are_freed_with_their_last_inspection(
    tmp_path: Path, engine: EngineName, scaling: str
) -> None:
    loaded = load_recipe(write_recipe(tmp_path, scaling=scaling))
    with without_collector():
        models = Models(loaded, EngineSettings(name=engine, precision="fp32"), 1)
        inspector = models.inspector("run")
        inspector.inspect(Frame(dark_part((96, 64), defective=True), "cam1", 0, 0, 0))
        [guarded] = (weakref.ref(each) for each in models._engines())

        models.retire()
        del models, inspector

        assert guarded() is None
