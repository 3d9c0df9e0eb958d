"""Opens the bundles that a recipe names and checks that recipe and bundles fit each other."""

from collections.abc import Callable
from pathlib import Path

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.resolve import find_bundle
from edgevision.config.cascade import CascadeMeasurement, cascade_problem, precision_problem, read_measurement
from edgevision.config.crosscheck import check_against_bundles, detector_problem
from edgevision.config.document import LoadedRecipe
from edgevision.errors import BundleError, ConfigError
from edgevision.recipe import RecogniseStep, SegmentStep

__all__ = ["check_precision", "open_bundles", "open_detector"]


def open_bundles(loaded: LoadedRecipe) -> tuple[Bundle, ...]:
    """Return the verified bundle of each step, in the order of the steps.

    Raises:
        BundleError: a bundle is missing, damaged or not the one that the recipe pins; the message
            names the line of the recipe.
        ConfigError: a rule could never be broken by what the models find, or a cascade was never measured
            or misses more than the recipe allows.
    """
    bundles = []
    for index, step in enumerate(loaded.recipe.tasks):
        try:
            bundles.append(_open_pinned(step.bundle, step.bundle_sha256, "bundle_sha256", loaded))
        except BundleError as error:
            raise type(error)(str(loaded.error(("tasks", index, "bundle"), str(error)))) from error
    check_against_bundles(loaded, [bundle.manifest for bundle in bundles])
    for index, bundle in enumerate(bundles):
        _check_cascade(loaded, index, bundle)
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


def check_precision(loaded: LoadedRecipe, index: int, precision: str) -> None:
    """Raise ConfigError where a step's cascade was measured with another model than its engine runs."""
    _check_measured(loaded, index, lambda _, measured: precision_problem(precision, measured))


def _check_cascade(loaded: LoadedRecipe, index: int, bundle: Bundle) -> None:
    _check_measured(loaded, index, lambda step, measured: cascade_problem(step, bundle.sha256, measured))


def _check_measured(
    loaded: LoadedRecipe, index: int, problem_of: Callable[[SegmentStep, CascadeMeasurement], str | None]
) -> None:
    step = loaded.recipe.tasks[index]
    if not isinstance(step, SegmentStep) or step.cascade is None:
        return
    try:
        problem = problem_of(
            step, read_measurement(loaded.base_dir / Path(step.cascade.measured).expanduser())
        )
    except ConfigError as error:
        problem = str(error)
    if problem:
        raise loaded.error(("tasks", index, "cascade", "measured"), problem)


def _open_pinned(reference: str, sha256: str | None, key: str, loaded: LoadedRecipe) -> Bundle:
    bundle = open_bundle(find_bundle(reference, loaded.base_dir))
    if sha256 not in (None, bundle.sha256):
        raise BundleError(
            f"{bundle.source}: expected SHA-256 {sha256}, got {bundle.sha256}; "
            f"install the pinned bundle, or change {key} on purpose"
        )
    return bundle
