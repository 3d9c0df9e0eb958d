"""Enrols examples of one person or variant from pictures: all of them, or none when one does not serve."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from edgevision.assembly import ModelStep, StepLoader, gallery_file
from edgevision.capture.picture import read_picture
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import EngineSettings
from edgevision.errors import InspectionError, UsageError
from edgevision.gallery.content import Enrolled, Gallery
from edgevision.recipe import RecogniseStep
from edgevision.steps import IDENTITY_NAME
from edgevision.tasks.embedder import Embedder, Seen

__all__ = ["enrol", "recognise_step"]


def recognise_step(loaded: LoadedRecipe, name: str | None) -> tuple[int, RecogniseStep]:
    """Return which task of a recipe recognises, and the task: that of this name, or else the only one.

    Raises:
        UsageError: there is none, or the name does not say which.
    """
    tasks = enumerate(loaded.recipe.tasks)
    found = [(index, step) for index, step in tasks if isinstance(step, RecogniseStep)]
    named = [(index, step) for index, step in found if name in (None, step.name)]
    if len(named) != 1:
        wanted = "one recognise step" if name is None else f"a recognise step named {name}"
        known = ", ".join(step.name for _, step in found)
        remedy = "name one of them with --step" if known else "give the recipe that has a gallery"
        raise UsageError(f"recipe {loaded.recipe.name}: expected {wanted}, got {known or 'none'}; {remedy}")
    return named[0]


def enrol(
    loaded: LoadedRecipe,
    step_name: str | None,
    name: str,
    images: Sequence[Path],
    *,
    settings: EngineSettings,
    keep_images: bool = False,
) -> Gallery:
    """Add an example from each picture to the gallery of a recognise step, and return the gallery.

    Raises:
        UsageError: the recipe has no such step, or the name is none.
        CaptureError: a picture cannot be read.
        InspectionError: a picture shows not exactly one thing, or it is not good enough.
        GalleryError: the gallery is refused or cannot be written.
        BundleError, ConfigError, EngineError: the step's models or its key do not serve.
    """
    if not IDENTITY_NAME.fullmatch(name):
        raise UsageError(
            f"--name {name!r}: expected 1 to 100 characters, no line breaks, no spaces at the ends"
        )
    index, settings_of_step = recognise_step(loaded, step_name)
    file = gallery_file(settings_of_step, loaded.base_dir)
    file.read()  # A gallery that is refused is told before anything is computed.
    with closing(StepLoader(loaded, settings, streams=1)) as loader:
        step = loader.without_gallery(index)
        embedder = step.embedder()
        seen = [_only(embedder, path) for path in images]
    added = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    entries = tuple(Enrolled(name, added, _png(one) if keep_images else None) for one in seen)
    embeddings = np.array([one.embedding for one in seen], np.float32)
    return file.change(lambda gallery: _fitting(gallery, step).added(entries, embeddings))


def _fitting(gallery: Gallery | None, step: ModelStep) -> Gallery:
    dimensions = step.bundle.manifest.require_embed().dimensions
    gallery = gallery or Gallery.empty(step.bundle.sha256, dimensions)
    gallery.require_embedder(step.bundle.sha256, dimensions)
    return gallery


def _only(embedder: Embedder, path: Path) -> Seen:
    every, _ = embedder.look(read_picture(path))
    if len(every) != 1:
        raise InspectionError(
            f"{path}: expected one thing to enrol, found {len(every)}; take or crop a picture that shows one"
        )
    if every[0].embedding is None:
        raise InspectionError(f"{path}: not good enough to enrol: {every[0].problem}; take another picture")
    return every[0]


def _png(seen: Seen) -> bytes:
    assert seen.crop_bgr is not None
    return cv2.imencode(".png", seen.crop_bgr)[1].tobytes()
