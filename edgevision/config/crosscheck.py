"""Checks a recipe against the models it names: what each file alone cannot show.

Pure: opening bundles is the caller's job.
"""

from collections.abc import Iterator, Sequence

from edgevision.bundle.manifest import Manifest
from edgevision.config.changegate import gate_problem
from edgevision.config.document import LoadedRecipe, LoadedStation
from edgevision.config.problems import Loc, Problem, config_error
from edgevision.config.sentences import suggestion
from edgevision.ops.tiles import lost_detail
from edgevision.recipe import ClassifyStep, DetectStep, Recipe, Region, Rule, SegmentStep

__all__ = ["check_against_bundles", "check_calibration", "check_change_gates", "detector_problem"]

_Box = tuple[float, float, float, float]


def check_against_bundles(loaded: LoadedRecipe, manifests: Sequence[Manifest]) -> None:
    """Check that the steps fit their bundles, and that rules name what the steps can produce.

    Args:
        loaded: the recipe.
        manifests: the manifest of each step's bundle.

    Raises:
        ConfigError: a step does not fit its bundle, or a rule could never be broken.
    """
    found = [*_unfit_steps(loaded.recipe, manifests), *_idle_rules(loaded.recipe, manifests)]
    if found:
        place_of = loaded.document.place_of
        raise config_error(loaded.document.path, [Problem(place_of(loc), loc, text) for loc, text in found])


def check_calibration(station: LoadedStation, recipe: Recipe) -> None:
    """Check that every camera is calibrated when a rule has a limit in millimetres; raises ConfigError."""
    rules = [rule.name for rule in recipe.rules if any(name.endswith("_mm") for name in _limits(rule))]
    found = [
        Problem(
            station.document.place_of(("cameras", index)),
            ("cameras", index, "px_per_mm"),
            f"missing, but rule {rules[0]} has a limit in millimetres and could not decide; "
            "give the pixels per millimetre",
        )
        for index, camera in enumerate(station.station.cameras)
        if rules and camera.px_per_mm is None
    ]
    if found:
        raise config_error(station.document.path, found)


def check_change_gates(station: LoadedStation, recipe: Recipe) -> None:
    """Check that no camera has a change gate when the recipe allows none; raises ConfigError."""
    problem = gate_problem(recipe)
    for index, camera in enumerate(station.station.cameras):
        if problem is not None and camera.change_gate is not None:
            raise station.error(("cameras", index, "change_gate"), problem)


def detector_problem(embedder: Manifest, detector: Manifest | None) -> str | None:
    """Return why a step's detector does not serve its embedder, in words."""
    if detector is None:
        found_by = "missing"
    elif detector.task != "detect" or (detector.detect and detector.detect.inputs == "pair"):
        return f"bundle {detector.name} finds nothing in one picture, expected one to detect"
    elif detector.detect and detector.detect.decoder == "yunet":
        return None
    else:
        found_by = f"bundle {detector.name} finds none"
    if embedder.embed is None or embedder.embed.landmarks_xy is None:
        return None
    wanted = f"bundle {embedder.name} aligns by five landmarks"
    return f"{found_by}, but {wanted}; give a detector with decoder yunet"


def _unfit_steps(recipe: Recipe, manifests: Sequence[Manifest]) -> Iterator[tuple[Loc, str]]:
    for index, (step, manifest) in enumerate(zip(recipe.tasks, manifests, strict=True)):
        loc: Loc = ("tasks", index)
        wanted = "embed" if step.task == "recognise" else step.task
        if manifest.task != wanted:
            yield (*loc, "task"), f"bundle {manifest.name} is one to {manifest.task}, expected {wanted}"
            continue
        if isinstance(step, SegmentStep | DetectStep) and (text := _lost_detail(step, manifest)):
            yield (*loc, "scale"), text
        if isinstance(step, SegmentStep) and step.cascade is not None:
            small = step.model_copy(update={"scale": step.scale * step.cascade.scale})
            if text := _lost_detail(small, manifest):
                yield (*loc, "cascade", "scale"), f"with it, {text} for both scales together"
        if isinstance(step, ClassifyStep):
            for label in step.expected or ():
                if label not in manifest.labels:
                    hint = suggestion(label, list(manifest.labels))
                    yield (*loc, "expected"), f"bundle {manifest.name} has no class {label!r}{hint}"
        elif isinstance(step, DetectStep) and manifest.detect is not None:
            takes_pairs = manifest.detect.inputs == "pair"
            if takes_pairs and step.reference is None:
                text = f"missing, but bundle {manifest.name} compares; give a picture of the good part"
                yield (*loc, "reference"), text
            if step.reference is not None and not takes_pairs:
                text = f"bundle {manifest.name} compares with nothing; leave it out, or take another bundle"
                yield (*loc, "reference"), text


def _lost_detail(step: SegmentStep | DetectStep, manifest: Manifest) -> str | None:
    scaling = step.scaling or (manifest.detect.scaling if manifest.detect else None)
    if step.region is None or step.scale is None or scaling != "tile":
        return None
    left, top, right, bottom = step.region.bounding_box_xyxy
    return lost_detail((right - left, bottom - top), step.scale, manifest.input.size_wh)


def _idle_rules(recipe: Recipe, manifests: Sequence[Manifest]) -> Iterator[tuple[Loc, str]]:
    labels = [label for manifest in manifests for label in manifest.findable]
    line_like = {label for manifest in manifests if manifest.segment for label in manifest.segment.line_like}
    for index, rule in enumerate(recipe.rules):
        loc: Loc = ("rules", index)
        if rule.label is not None and rule.label not in labels:
            yield (*loc, "label"), f"no model finds {rule.label!r}{suggestion(rule.label, labels)}"
        elif not line_like.intersection([rule.label] if rule.label else labels):
            yield from _line_limits(loc, rule, line_like)
        if rule.zone is not None and not _is_seen(recipe, rule.zone):
            yield (*loc, "zone"), f"zone {rule.zone} lies outside the region of every task; move one of them"


def _line_limits(loc: Loc, rule: Rule, line_like: set[str]) -> Iterator[tuple[Loc, str]]:
    for name in _limits(rule):
        if name.startswith(("max_length", "max_width")) or name == "min_length_px":
            known = f"only {', '.join(sorted(line_like))} have one" if line_like else "no label has one"
            yield (
                (*loc, name),
                f"{rule.label or 'a defect'} has no length or width, {known}; use an area instead",
            )


def _limits(rule: Rule) -> list[str]:
    """Return the names of the bounds that the recipe gives."""
    return [name for name in rule.model_fields_set if name.startswith(("max_", "min_length"))]


def _is_seen(recipe: Recipe, zone_name: str) -> bool:
    zone = next(zone for zone in recipe.zones if zone.name == zone_name)
    left, top, right, bottom = _bounds(zone)
    for step in recipe.tasks:
        if step.region is None:
            return True
        x1, y1, x2, y2 = _bounds(step.region)
        if max(left, x1) < min(right, x2) and max(top, y1) < min(bottom, y2):
            return True
    return False


def _bounds(region: Region) -> _Box:
    if region.rectangle_xyxy is not None:
        return region.rectangle_xyxy
    xs, ys = zip(*region.polygon_xy or (), strict=True)
    return min(xs), min(ys), max(xs), max(ys)
