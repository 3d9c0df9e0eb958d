"""The recipe in use with its models, and changing it between two frames.

A change loads and proves the new models beside the old ones, and then replaces all cameras' inspectors
by one assignment: a frame is inspected by the old recipe or by the new one, never by half of each.
What fails before that leaves the old recipe where it is. Inspections that have begun go on with the
old models, which are repaired no more, and freed when the last of these is over.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgevision.build import Models
from edgevision.capture.address import kind_of
from edgevision.config.changegate import gate_problem
from edgevision.config.document import LoadedRecipe, load_recipe
from edgevision.config.station import Station
from edgevision.errors import ConfigError, UsageError
from edgevision.inspector import Inspector
from edgevision.paths import FILE, found_at
from edgevision.recipe import TriggerRules

__all__ = ["ActiveRecipe", "recipe_in"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True, eq=False)
class _InUse:
    loaded: LoadedRecipe
    models: Models
    inspectors: Mapping[str, Inspector]


class ActiveRecipe:
    """What the station inspects by. Reading is safe in many threads; one thread changes it at a time."""

    def __init__(
        self,
        loaded: LoadedRecipe,
        station: Station,
        run_id: str,
        streams: int,
        learn: Callable[[LoadedRecipe], None],
    ) -> None:
        """Load the first recipe.

        Args:
            loaded: The recipe.
            station: Says which cameras there are, and which engine.
            run_id: Names this run of the program.
            streams: How many inspections run at the same time.
            learn: Gets each recipe before it inspects.

        Raises:
            ConfigError: a rule could never be broken by what the models find, or a camera has a change gate
                and the recipe allows none.
            BundleError: a bundle is refused.
            EngineError: no engine runs it as required.
        """
        self._station, self._run_id, self._streams = station, run_id, streams
        self._learn = learn
        self._in_use = self._load(loaded)

    @property
    def loaded(self) -> LoadedRecipe:
        """Return the recipe in use."""
        return self._in_use.loaded

    @property
    def models(self) -> Models:
        """Return its models."""
        return self._in_use.models

    @property
    def rules(self) -> TriggerRules:
        """Return how it wants triggers answered."""
        return self._in_use.loaded.recipe.trigger or TriggerRules()

    @property
    def reach_ns(self) -> int:
        """Return how far before themselves triggers ask for frames."""
        return round(self.rules.pre_trigger_ms * 1e6)

    def inspector(self, camera: str) -> Inspector:
        """Return who inspects the next frame of a camera."""
        return self._in_use.inspectors[camera]

    def change(self, loaded: LoadedRecipe) -> None:
        """Inspect by another recipe from the next frame on; raises as the constructor, changing nothing."""
        replaced, self._in_use = self._in_use, self._load(loaded)
        replaced.models.retire()

    def close(self) -> None:
        """Free the models."""
        self._in_use.models.close()

    def _load(self, loaded: LoadedRecipe) -> _InUse:
        problem = gate_problem(loaded.recipe)
        if problem is not None and any(camera.change_gate for camera in self._station.cameras):
            raise ConfigError(f"{loaded.document.path}: {problem}")
        models = Models(loaded, self._station.engine, self._streams)
        inspectors = {
            camera.name: models.inspector(
                self._run_id,
                px_per_mm=camera.px_per_mm,
                is_simulated=kind_of(camera.source) not in ("camera", "url"),
                change_gate=camera.change_gate,
            )
            for camera in self._station.cameras
        }
        self._learn(loaded)
        return _InUse(loaded, models, inspectors)


def recipe_in(folder: Path, name: str) -> LoadedRecipe:
    """Read the recipe of a plain file name in a folder, and from nowhere else.

    Raises:
        UsageError: the name leads out of the folder, or to nothing.
        ConfigError: the file is wrong.
    """
    path = folder / name
    # Not `resolve`, which raises where links lead in a circle.
    real, inside = (Path(os.path.realpath(place)) for place in (path, folder))
    is_inside = _NAME.fullmatch(name) is not None and real.parent == inside
    if not is_inside or found_at(path) != FILE:
        raise UsageError(f"no recipe {name!r} in the station's folder of recipes; expected a file name there")
    return load_recipe(path)
