"""Opens the bundles that a recipe names and checks that recipe and bundles fit each other."""

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.resolve import find_bundle
from edgevision.config.crosscheck import check_against_bundles, detector_problem
from edgevision.config.document import LoadedRecipe
from edgevision.errors import BundleError
from edgevision.recipe import RecogniseStep

__all__ = ["open_bundles", "open_detector"]


def open_bundles(loaded: LoadedRecipe) -> tuple[Bundle, ...]:
    """Return the verified bundle of each step, in the order of the steps.

    Raises:
        BundleError: a bundle is missing, damaged or not the one that the recipe pins; the message
            names the line of the recipe.
        ConfigError: a rule could never be broken by what the models find.
    """
    bundles = []
    for index, step in enumerate(loaded.recipe.tasks):
        try:
            bundles.append(_open_pinned(step.bundle, step.bundle_sha256, "bundle_sha256", loaded))
        except BundleError as error:
            raise type(error)(str(loaded.error(("tasks", index, "bundle"), str(error)))) from error
    check_against_bundles(loaded, [bundle.manifest for bundle in bundles])
    return tuple(bundles)


def open_detector(loaded: LoadedRecipe, index: int, embedder: Manifest) -> Bundle | None:
    """Return the verified detector of a recognise step; None where it has none.

    Raises:
        BundleError: it is missing, damaged or not the one that the recipe pins; the message names the
            line of the recipe.
        ConfigError: it finds nothing, or not the landmarks that the step's embedder aligns by.
    """
    step, detector = loaded.recipe.tasks[index], None
    if isinstance(step, RecogniseStep) and step.detector is not None:
        try:
            detector = _open_pinned(step.detector, step.detector_sha256, "detector_sha256", loaded)
        except BundleError as error:
            raise type(error)(str(loaded.error(("tasks", index, "detector"), str(error)))) from error
    problem = detector_problem(embedder, None if detector is None else detector.manifest)
    if problem:
        raise loaded.error(("tasks", index, "detector"), problem)
    return detector


def _open_pinned(reference: str, sha256: str | None, key: str, loaded: LoadedRecipe) -> Bundle:
    bundle = open_bundle(find_bundle(reference, loaded.base_dir))
    if sha256 not in (None, bundle.sha256):
        raise BundleError(
            f"{bundle.source}: expected SHA-256 {sha256}, got {bundle.sha256}; "
            f"install the pinned bundle, or change {key} on purpose"
        )
    return bundle
