"""Opens the bundles that a recipe names and checks that recipe and bundles fit each other."""

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.resolve import find_bundle
from edgevision.config.crosscheck import check_against_bundles
from edgevision.config.document import LoadedRecipe
from edgevision.errors import BundleError
from edgevision.recipe import DetectStep, SegmentStep

__all__ = ["open_bundles"]


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
            bundles.append(_open_pinned(step, loaded))
        except BundleError as error:
            raise type(error)(str(loaded.error(("tasks", index, "bundle"), str(error)))) from error
    check_against_bundles(loaded, [bundle.manifest for bundle in bundles])
    return tuple(bundles)


def _open_pinned(step: SegmentStep | DetectStep, loaded: LoadedRecipe) -> Bundle:
    bundle = open_bundle(find_bundle(step.bundle, loaded.base_dir))
    if step.bundle_sha256 not in (None, bundle.sha256):
        raise BundleError(
            f"{bundle.source}: expected SHA-256 {step.bundle_sha256}, got {bundle.sha256}; "
            "install the pinned bundle, or change bundle_sha256 on purpose"
        )
    return bundle
