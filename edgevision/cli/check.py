"""`edgevision check`: validates a station or a recipe, and all that it refers to, without running it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgevision.bundle.archive import Bundle
    from edgevision.config.document import LoadedRecipe, LoadedStation
    from edgevision.config.station import MqttSettings

__all__ = ["check"]


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A station or a recipe, in YAML.")],
) -> None:
    """Validate a station or recipe file without running it.

    A station's recipe, the bundles of a recipe and the labels in its rules are checked too, and the files
    which either refers to; those that this user may not see are named.
    """
    from edgevision.config.document import LoadedRecipe, load_any

    loaded = load_any(file)
    lines = _check_recipe(loaded) if isinstance(loaded, LoadedRecipe) else _check_station(loaded)
    print(f"{file}: fine")
    for line in lines:
        print(f"  {line}")


def _check_station(loaded: "LoadedStation") -> list[str]:
    from edgevision.config.crosscheck import check_calibration, check_change_gates
    from edgevision.config.document import load_recipe
    from edgevision.config.files import check_files

    station = loaded.station
    unseen = check_files(loaded)
    _check_addresses(loaded)
    if station.mqtt is not None and not any(loc[0] == "mqtt" for loc in unseen):
        _check_access(loaded, station.mqtt)
    recipe = load_recipe(station.recipe)
    lines = _check_recipe(recipe)
    check_calibration(loaded, recipe.recipe)
    check_change_gates(loaded, recipe.recipe)
    broker = "no broker" if station.mqtt is None else f"broker {station.mqtt.host}"
    cameras = ", ".join(camera.name for camera in station.cameras)
    return [f"station {station.station}: cameras {cameras}; {broker}", *unseen.values(), *lines]


def _check_addresses(loaded: "LoadedStation") -> None:
    from edgevision.capture.address import kind_of
    from edgevision.errors import CaptureError

    for index, camera in enumerate(loaded.station.cameras):
        if "://" in camera.source:
            try:
                kind_of(camera.source)
            except CaptureError as error:
                raise loaded.error(("cameras", index, "source"), str(error)) from error


def _check_access(loaded: "LoadedStation", settings: "MqttSettings") -> None:
    """Read password and certificates as the station will; a credential is there for the service alone."""
    from edgevision.errors import ConfigError
    from edgevision.mqtt.access import read_access

    try:
        read_access(settings.model_copy(update={"password_credential": None}))
    except ConfigError as error:
        raise loaded.error(("mqtt",), str(error).removeprefix("mqtt: ")) from error


def _check_recipe(loaded: "LoadedRecipe") -> list[str]:
    from edgevision.config.bundles import open_bundles, open_detector
    from edgevision.config.files import check_files

    bundles = open_bundles(loaded)
    recipe = loaded.recipe
    unseen = check_files(loaded)
    hidden = {loc[1] for loc in unseen}
    lines = [f"recipe {recipe.name} {recipe.version}, {len(recipe.rules)} rules, sha256 {loaded.ref.sha256}"]
    for index, (step, bundle) in enumerate(zip(recipe.tasks, bundles, strict=True)):
        manifest = bundle.manifest
        lines.append(f"step {step.name}: {manifest.name} {manifest.version}, sha256 {bundle.sha256}")
        if detector := open_detector(loaded, index, manifest):
            found_by = detector.manifest
            lines.append(f"  found by {found_by.name} {found_by.version}, sha256 {detector.sha256}")
        if index not in hidden:
            lines += _read_needs(loaded, index, bundle)
    return [*lines, *unseen.values()]


def _read_needs(loaded: "LoadedRecipe", index: int, bundle: "Bundle") -> list[str]:
    """Read good parts and gallery as a station will, but for a gallery whose key the service alone has."""
    from edgevision.assembly import open_gallery, open_good_parts
    from edgevision.recipe import RecogniseStep

    open_good_parts(loaded, index)
    step = loaded.recipe.tasks[index]
    if not isinstance(step, RecogniseStep) or step.gallery_key_credential is not None:
        return []
    gallery = open_gallery(loaded, index, bundle)
    return [] if gallery is None else [f"  gallery {step.gallery}: {len(gallery.counts)} enrolled"]
