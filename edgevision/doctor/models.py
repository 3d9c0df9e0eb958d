"""Whether the bundles can be trusted and the engine that will be used reproduces their golden samples."""

from collections.abc import Iterator

from edgevision.build import Models
from edgevision.config.bundles import open_bundles
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import EngineSettings, Station
from edgevision.doctor.findings import Examination, Finding, fine, refused, warned
from edgevision.engines.machine import streams_for
from edgevision.errors import BundleError, ConfigError, EngineError, GalleryError
from edgevision.ports import EngineInfo

__all__ = ["check_models"]


def check_models(recipe: LoadedRecipe, station: Station) -> Examination:
    """Verify every hash of every bundle, then load the models as the station does."""
    try:
        bundles = open_bundles(recipe)
    except (BundleError, ConfigError) as error:
        yield refused("bundle", error)
        return
    for step, bundle in zip(recipe.recipe.tasks, bundles, strict=True):
        manifest = bundle.manifest
        text = f"{manifest.name} {manifest.version}, {len(manifest.files)} hashes fit"
        yield fine(f"bundle.{step.name}", text)
    yield from _check_engines(recipe, station)


def _check_engines(recipe: LoadedRecipe, station: Station) -> Iterator[Finding]:
    streams = streams_for(len(station.cameras))
    try:
        models = Models(recipe, station.engine, streams)
    except (ConfigError, GalleryError) as error:
        yield refused("recipe.files", error)
        return
    except (BundleError, EngineError) as error:
        yield refused("engine", error)
        return
    try:
        for step, info in models.engines.items():
            yield _engine_finding(f"engine.{step}", info, station.engine)
    finally:
        models.close()


def _engine_finding(name: str, info: EngineInfo, asked: EngineSettings) -> Finding:
    wanted = f"{asked.name} {asked.provider} {asked.precision}"
    runs = f"{info.engine} {info.version} {info.provider} {info.precision}"
    text = f"asked for {wanted}, runs on {runs}, golden samples reproduce"
    if info.is_fallback:
        return warned(name, text, f"install what {info.requested} needs, or ask for {info.provider}")
    return fine(name, text)
