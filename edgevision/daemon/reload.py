"""Reads the station's files again while it runs: what changes at once, what needs a restart, or why not.

A recipe is loaded and put to its self-test beside the running one, in a thread of its own. Taking
it over between two frames is the daemon's work; nothing here touches the station.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from edgevision.build import Models, load_models
from edgevision.config.bundles import open_bundles
from edgevision.config.document import LoadedRecipe, load_recipe, load_station
from edgevision.config.station import Station
from edgevision.daemon.service import Service
from edgevision.errors import EdgeVisionError

__all__ = ["AT_ONCE", "Changes", "Reloader", "read_changes"]

_log = logging.getLogger(__name__)

AT_ONCE = ("recipe", "metrics_every_s", "log_level")
"""Settings that are taken over while the station runs; all others need a restart."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What the files say now."""

    station: Station
    """The running settings with those of `AT_ONCE` as they are now."""
    recipe: LoadedRecipe
    models: Models | None
    """Of the recipe, self-tested; None when neither recipe nor bundles have changed."""
    needs_restart: tuple[str, ...]
    """Settings that have changed and stay as they were."""

    def __str__(self) -> str:
        """Return one sentence for people."""
        ref = self.recipe.ref
        recipe = "same recipe" if self.models is None else f"recipe {ref.name} {ref.version} from now on"
        waiting = f"; restart for {', '.join(self.needs_restart)}" if self.needs_restart else ""
        return f"reloaded: {recipe}{waiting}"


def read_changes(path: Path, station: Station, recipe: LoadedRecipe, models: Models) -> Changes:
    """Read the station file and its recipe; compare with what is running.

    Raises:
        ConfigError: a file is wrong.
        BundleError: a bundle is refused, or its golden samples do not reproduce.
        EngineError: no engine runs it as required.
    """
    new = load_station(path)
    names = [name for name in Station.model_fields if getattr(new, name) != getattr(station, name)]
    effective = station.model_copy(update={name: getattr(new, name) for name in AT_ONCE})
    found = load_recipe(effective.recipe)
    bundles = [bundle.sha256 for bundle in open_bundles(found)]
    is_same = found.ref == recipe.ref and bundles == [model.sha256 for model in models.refs]
    return Changes(
        effective,
        found,
        None if is_same else load_models(found, effective),
        tuple(name for name in names if name not in AT_ONCE),
    )


class Reloader:
    """Reloads each time that `asked` is set. For the supervising thread only."""

    def __init__(self, path: Path, asked: threading.Event) -> None:
        """Take the station file's path and the event that asks for a reload."""
        self._path = path
        self._asked = asked
        self._work: Future[Changes] | None = None

    def look(
        self, read: Callable[[Path], Changes], adopt: Callable[[Changes], None], service: Service
    ) -> None:
        """Begin when asked; when `read` is done, let `adopt` take it over, or say why not."""
        if self._work is None and self._asked.is_set():
            self._asked.clear()
            service.reloading()
            self._work = _in_a_thread(read, self._path)
        elif self._work is not None and self._work.done():
            work, self._work = self._work, None
            service.reloaded(_settle(work, adopt))


def _in_a_thread(read: Callable[[Path], Changes], path: Path) -> Future[Changes]:
    work: Future[Changes] = Future()

    def run() -> None:
        try:
            work.set_result(read(path))
        except Exception as error:  # noqa: BLE001 - reported by whoever asks for the result
            work.set_exception(error)

    threading.Thread(target=run, name="reload", daemon=True).start()
    return work


def _settle(work: Future[Changes], adopt: Callable[[Changes], None]) -> str:
    try:
        changes = work.result()
    except EdgeVisionError as error:
        _log.error("reload refused, the station goes on as it was: %s", error)
        return f"reload refused: {str(error).splitlines()[0]}"
    except Exception as error:  # noqa: BLE001 - a reload must not end the station
        _log.exception("reload failed, the station goes on as it was")
        return f"reload failed: {error}"
    adopt(changes)
    _log.info("%s", changes)
    return str(changes)
