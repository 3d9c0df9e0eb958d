"""Looks at the files that a station refers to: whether each is there, and is what it should be.

Opens none of them. What this user may not see, or what the service gets only when it starts, is no
mistake: it is told, for whoever runs the station to look at.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from edgevision.config.document import LoadedStation
from edgevision.config.problems import Loc, Problem, config_error, key_path
from edgevision.config.station import Station
from edgevision.paths import DENIED, FILE, FOLDER, NOTHING, OTHER, found_at

__all__ = ["check_files"]

_MADE_BY_SERVICE = ("/run/credentials/", "/var/lib/edgevision/", "/var/cache/edgevision/")
"""Where systemd makes folders when it starts the unit of a station."""
_READ = (FILE, OTHER)
_APPENDED = (FILE, OTHER, NOTHING)
_MADE = (FOLDER, NOTHING)

_Wanted = tuple[Loc, Path, tuple[str, ...]]
"""A key, a path that follows from its value, and what may be there."""


def check_files(loaded: LoadedStation) -> dict[Loc, str]:
    """Return, by key, a sentence about each file that this user cannot look at.

    Raises:
        ConfigError: one is missing or of the wrong kind; names the line of the station file.
    """
    problems: list[Problem] = []
    unseen: dict[Loc, str] = {}
    for loc, path, accepted in _wanted(loaded.station):
        found = found_at(path)
        if found in accepted:
            if accepted is _READ and not os.access(path, os.R_OK):
                unseen[loc] = (
                    f"{key_path(loc)}: {path} may not be read by this user; the service must be able to"
                )
        elif found == DENIED:
            unseen[loc] = (
                f"{key_path(loc)}: {path} may not be looked at by this user; the service must be able to"
            )
        elif found == NOTHING and f"{path}/".startswith(_MADE_BY_SERVICE):
            unseen[loc] = (
                f"{key_path(loc)}: {path} is not there now; systemd makes it for the service of that name"
            )
        else:
            expected = " or ".join(kind for kind in accepted if kind not in (OTHER, NOTHING))
            text = f"expected {expected} at {path}, found {found}; make it, or correct the path"
            problems.append(Problem(loaded.document.place_of(loc), loc, text))
    if problems:
        raise config_error(loaded.document.path, problems)
    return unseen


def _wanted(station: Station) -> Iterator[_Wanted]:
    for index, camera in enumerate(station.cameras):
        if Path(camera.source).is_absolute() and not camera.source.startswith("/dev/"):
            yield ("cameras", index, "source"), Path(camera.source), (FILE, FOLDER)
        if camera.url_password_file is not None:
            yield ("cameras", index, "url_password_file"), camera.url_password_file, _READ
    yield from _wanted_by_broker(station)
    if station.ledger is not None:
        yield from _written(("ledger", "path"), station.ledger.path)
    if station.commands.enabled:
        yield from _written(("commands", "change_log"), station.commands.change_log)
        if station.commands.recipes is not None:
            yield ("commands", "recipes"), station.commands.recipes, (FOLDER,)
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


def _written(loc: Loc, path: Path) -> Iterator[_Wanted]:
    yield loc, path.parent, (FOLDER,)
    yield loc, path, _APPENDED
