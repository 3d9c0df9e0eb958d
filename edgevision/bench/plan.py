"""What `edgevision tune` measures, and whose memory it writes: this user's, or that of one station.

Measuring and remembering is `engines.choose`, showing it `bench.tuning`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.resolve import find_bundle
from edgevision.config.bundles import open_bundles, open_detector
from edgevision.config.document import load_recipe, load_station
from edgevision.config.station import EngineSettings, Station
from edgevision.engines.choices import default_cache_dir
from edgevision.engines.machine import parallel_calls, streams_for

__all__ = ["Plan", "plan_for_station", "plan_for_user", "unit_cache_dir"]

_SETTINGS = Path("etc/edgevision")
_CACHES = Path("var/cache/edgevision")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to measure, and where to keep it."""

    bundles: tuple[Bundle, ...]
    settings: EngineSettings
    modes: Mapping[int, str]
    """For people, by how many calls run at a time."""
    cache_dir: Path
    readers: str
    """Who takes what is kept there."""


def plan_for_user(bundle: str, settings: EngineSettings) -> Plan:
    """Tune one bundle for the commands of this user, and for the stations that he starts by hand.

    Raises BundleError.
    """
    many = parallel_calls()
    modes = {
        1: "One live camera: a call at a time",
        many: f"Replay and {many} or more cameras: {many} calls at a time",
    }
    return Plan(
        (open_bundle(find_bundle(bundle, Path())),),
        settings,
        modes,
        settings.cache_dir or default_cache_dir(),
        "commands and stations of this user with the same settings of the engine; a station that runs as a "
        "service has a memory of its own: tune it by -c /etc/edgevision/NAME.yaml",
    )


def plan_for_station(file: Path) -> Plan:
    """Tune all bundles of a station's recipe, as the station will call them.

    Raises ConfigError or BundleError.
    """
    station = load_station(file)
    recipe = load_recipe(station.recipe)
    steps = open_bundles(recipe)
    detectors = (open_detector(recipe, index, step.manifest) for index, step in enumerate(steps))
    bundles = {one.sha256: one for one in (*steps, *detectors) if one is not None}
    cameras, streams = len(station.cameras), streams_for(len(station.cameras))
    noun = "1 camera" if cameras == 1 else f"{cameras} cameras"
    calls = "a call" if streams == 1 else f"{streams} calls"
    modes = {streams: f"Station {station.station} with {noun}: {calls} at a time"}
    cache_dir, readers = _memory(file, station)
    return Plan(tuple(bundles.values()), station.engine, modes, cache_dir, readers)


def _memory(file: Path, station: Station) -> tuple[Path, str]:
    if station.engine.cache_dir is not None:
        return station.engine.cache_dir, f"station {station.station}, by its engine.cache_dir"
    if (unit_dir := unit_cache_dir(file)) is not None:
        return unit_dir, f"the service edgevision@{file.stem}, from its next start on"
    return default_cache_dir(), f"station {station.station} when this user starts it"


def unit_cache_dir(
    file: Path, root: Path = Path("/"), environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the cache folder of the installed service that runs a station file.

    None when the file lies elsewhere, or this is the service itself.
    """
    is_installed = file.absolute().parent == root / _SETTINGS
    if not is_installed or environment.get("CACHE_DIRECTORY"):
        return None
    return root / _CACHES / file.stem
