"""Looks at the files that a station or a recipe refers to: whether each is there, and is what it should be.

Opens none of them. What this user may not see, or what comes only later, is no mistake: it is told, for
whoever runs the station to look at. Bundles are not among them; `edgevision.config.bundles` opens those.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgevision.config.document import LoadedRecipe, LoadedStation
from edgevision.config.problems import Loc, Problem, config_error, key_path
from edgevision.config.station import Station
from edgevision.paths import DENIED, FILE, FOLDER, NOTHING, OTHER, found_at
from edgevision.recipe import DetectStep, RecogniseStep

__all__ = ["check_files"]

_MADE_BY_SERVICE = ("/run/credentials/", "/var/lib/edgevision/", "/var/cache/edgevision/")
"""Where systemd makes folders when it starts the unit of a station."""
_STEM = "{stem}"


@dataclass(frozen=True, slots=True)
class _Use:
    """What may be at a path, and what is done with it."""

    accepted: tuple[str, ...]
    is_read: bool = False
    when_missing: str | None = None
    """What to tell of a path where nothing is, but need not be yet."""


_READ = _Use((FILE, OTHER), is_read=True)
_ENROLLED = _Use(
    (FILE, OTHER, NOTHING),
    is_read=True,
    when_missing="is not there yet; a station needs somebody in it: `edgevision enrol`",
)
_OPENED = _Use((FILE, FOLDER))
_LISTED = _Use((FOLDER,))
_APPENDED = _Use((FILE, OTHER, NOTHING))
_KEPT = _Use((FILE, NOTHING))
_MADE = _Use((FOLDER, NOTHING))

_Wanted = tuple[Loc, Path, _Use]
"""A key, and a path that follows from its value."""


def check_files(loaded: LoadedStation | LoadedRecipe) -> dict[Loc, str]:
    """Return, by key, a sentence about each file that this user cannot look at.

    Raises:
        ConfigError: one is missing or of the wrong kind; names the line of the file that refers to it.
    """
    problems: list[Problem] = []
    unseen: dict[Loc, str] = {}
    wanted = _wanted(loaded.station) if isinstance(loaded, LoadedStation) else _wanted_by_recipe(loaded)
    for loc, path, use in wanted:
        found = found_at(path)
        if (reason := _why_unseen(path, found, use)) is not None:
            unseen[loc] = f"{key_path(loc)}: {path} {reason}"
        elif found not in use.accepted:
            expected = " or ".join(kind for kind in use.accepted if kind not in (OTHER, NOTHING))
            text = f"expected {expected} at {path}, found {found}; make it, or correct the path"
            problems.append(Problem(loaded.document.place_of(loc), loc, text))
    if problems:
        raise config_error(loaded.document.path, problems)
    return unseen


def _why_unseen(path: Path, found: str, use: _Use) -> str | None:
    if found == DENIED:
        return "may not be looked at by this user; the service must be able to"
    if found == NOTHING:
        if NOTHING not in use.accepted and f"{path}/".startswith(_MADE_BY_SERVICE):
            return "is not there now; systemd makes it for the service of that name"
        return use.when_missing
    if found in use.accepted and use.is_read and not os.access(path, os.R_OK):
        return "may not be read by this user; the service must be able to"
    return None


def _wanted(station: Station) -> Iterator[_Wanted]:
    for index, camera in enumerate(station.cameras):
        if Path(camera.source).is_absolute() and not camera.source.startswith("/dev/"):
            yield ("cameras", index, "source"), Path(camera.source), _OPENED
        if camera.url_password_file is not None:
            yield ("cameras", index, "url_password_file"), camera.url_password_file, _READ
    yield from _wanted_by_broker(station)
    if station.ledger is not None:
        yield from _written(("ledger", "path"), station.ledger.path, _KEPT)
    if station.commands.enabled:
        yield from _written(("commands", "change_log"), station.commands.change_log, _APPENDED)
        if station.commands.recipes is not None:
            yield ("commands", "recipes"), station.commands.recipes, _LISTED
    if station.evidence is not None:
        yield ("evidence", "folder"), station.evidence.folder, _MADE
    if station.record is not None:
        yield ("record", "folder"), station.record.folder, _MADE


def _wanted_by_broker(station: Station) -> Iterator[_Wanted]:
    if station.mqtt is None:
        return
    if station.mqtt.password_file is not None:
        yield ("mqtt", "password_file"), station.mqtt.password_file, _READ
    for name, path in station.mqtt.tls or ():
        if path is not None:
            yield ("mqtt", "tls", name), path, _READ


def _written(loc: Loc, path: Path, use: _Use) -> Iterator[_Wanted]:
    yield loc, path.parent, _LISTED
    yield loc, path, use


def _wanted_by_recipe(loaded: LoadedRecipe) -> Iterator[_Wanted]:
    for index, step in enumerate(loaded.recipe.tasks):
        loc: Loc = ("tasks", index)
        if isinstance(step, DetectStep) and step.reference is not None:
            yield (*loc, "reference"), *_good_part(loaded.base_dir / step.reference)
        if isinstance(step, RecogniseStep):
            yield (*loc, "gallery"), step.gallery_path(loaded.base_dir), _ENROLLED
            if (key := step.gallery_key_path(loaded.base_dir)) is not None:
                yield (*loc, "gallery_key_file"), key, _READ


def _good_part(reference: Path) -> tuple[Path, _Use]:
    """Return the picture; of one for each frame, the folder where they lie as far as it is known."""
    if _STEM not in str(reference):
        return reference, _READ
    return next(folder for folder in reference.parents if _STEM not in str(folder)), _LISTED
