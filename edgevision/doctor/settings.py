"""Whether station and recipe can be read and fit each other."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from edgevision.config.crosscheck import check_calibration
from edgevision.config.document import LoadedRecipe, LoadedStation, load_any, load_recipe
from edgevision.config.station import Station
from edgevision.doctor.findings import Finding, failed, fine, refused
from edgevision.errors import ConfigError

__all__ = ["Patient", "check_settings"]


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """What is examined; without a recipe when that cannot be read."""

    station: Station
    recipe: LoadedRecipe | None


def check_settings(path: Path) -> Generator[Finding, None, Patient | None]:
    """Read the station file and its recipe; None when there is no station to examine."""
    try:
        loaded = load_any(path)
    except ConfigError as error:
        yield refused("settings", error)
        return None
    if not isinstance(loaded, LoadedStation):
        yield failed("settings", f"{path} is a recipe", "give the file of the station")
        return None
    cameras = ", ".join(camera.name for camera in loaded.station.cameras)
    yield fine("settings", f"station {loaded.station.station} with cameras {cameras}")
    recipe = yield from _check_recipe(loaded)
    return Patient(loaded.station, recipe)


def _check_recipe(loaded: LoadedStation) -> Generator[Finding, None, LoadedRecipe | None]:
    try:
        recipe = load_recipe(loaded.station.recipe)
        check_calibration(loaded, recipe.recipe)
    except ConfigError as error:
        yield refused("recipe", error)
        return None
    yield fine("recipe", f"{recipe.ref.name} {recipe.ref.version}, sha256 {recipe.ref.sha256[:12]}…")
    return recipe
