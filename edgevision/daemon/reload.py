"""Reads the station file again: what can change while running changes, the rest is named."""

from collections.abc import Callable, Sequence
from pathlib import Path

from edgevision.config.bundles import open_bundles
from edgevision.config.document import LoadedRecipe, load_recipe, load_station
from edgevision.config.station import Station
from edgevision.daemon.commands import Outcome
from edgevision.daemon.recipes import ActiveRecipe

__all__ = ["Reload"]

_LIVE = frozenset({"recipe", "metrics_every_s", "log_level"})
"""What a running station can take over; the recipe file and its bundles are looked into, too."""


class Reload:
    """Call it to take over a changed station file. One thread at a time."""

    def __init__(
        self, file: Path | None, station: Station, active: ActiveRecipe, take: Callable[[Station], None]
    ) -> None:
        """Compose; `take` gets the settings that hold from now on."""
        self._file = file
        self._station = station
        self._active = active
        self._take = take

    def __call__(self) -> Outcome:
        """Read the file and say what became of it; a file that is wrong changes nothing.

        Raises:
            EdgeVisionError: the file, its recipe or one of its bundles is refused.
        """
        if self._file is None:
            return Outcome(ok=False, code="no_file", text="this station was made without a file")
        fresh = load_station(self._file)
        recipe = load_recipe(fresh.recipe)
        changed = [key for key in Station.model_fields if getattr(fresh, key) != getattr(self._station, key)]
        waiting = [key for key in changed if key not in _LIVE]
        taken = [key for key in changed if key in _LIVE]
        if "recipe" in taken or self._is_other(recipe):
            self._active.change(recipe)
            taken = [
                f"recipe {recipe.ref.name} {recipe.ref.version}",
                *(key for key in taken if key != "recipe"),
            ]
        self._station = self._station.model_copy(update={key: getattr(fresh, key) for key in _LIVE})
        self._take(self._station)
        return _told(taken, waiting)

    def _is_other(self, recipe: LoadedRecipe) -> bool:
        """Whether a recipe differs from the one in use, or only what its bundles hold does."""
        bundles = [bundle.sha256 for bundle in open_bundles(recipe)]
        in_use = [model.sha256 for model in self._active.models.refs]
        return recipe.ref != self._active.loaded.ref or bundles != in_use


def _told(taken: Sequence[str], waiting: Sequence[str]) -> Outcome:
    change = ("the station file as read before", ", ".join((*taken, *waiting)) or "the same")
    text = f"took over {', '.join(taken)}" if taken else "nothing new"
    if waiting:
        text = f"{text}; restart for {', '.join(waiting)}"
        return Outcome(ok=False, code="restart_needed", text=text, change=change)
    return Outcome(ok=True, code="done", text=text, change=change)
