"""Reads the station file again: what can change while running changes, the rest is named."""

from collections.abc import Callable
from pathlib import Path

from edgevision.config.document import load_recipe, load_station
from edgevision.config.station import Station
from edgevision.daemon.commands import Outcome
from edgevision.daemon.recipes import ActiveRecipe

__all__ = ["Reload"]

_LIVE = frozenset({"recipe", "metrics_every_s", "log_level"})
"""What a running station can take over; the content of the recipe file is looked at, too."""


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
        before = self._active.loaded.ref
        if recipe.ref != before:
            self._active.change(recipe)
            changed.append("the recipe's content")
        self._station = self._station.model_copy(update={key: getattr(fresh, key) for key in _LIVE})
        self._take(self._station)
        return _told(changed)


def _told(changed: list[str]) -> Outcome:
    waiting = [key for key in changed if key in Station.model_fields and key not in _LIVE]
    taken = [key for key in changed if key not in waiting]
    change = ("the station file as read before", ", ".join(changed) or "the same")
    if waiting:
        text = f"restart the station for: {', '.join(waiting)}; taken over: {', '.join(taken) or 'nothing'}"
        return Outcome(ok=False, code="restart_needed", text=text, change=change)
    return Outcome(ok=True, code="done", text=f"taken over: {', '.join(taken) or 'nothing'}", change=change)
