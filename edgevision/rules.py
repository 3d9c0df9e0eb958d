"""Judging findings by the rules of a recipe: OK, NG or ND, with reasons. Pure.

NG beats ND beats OK. A defect in the grey band is never held against a part as NG, and never
overlooked: where it would break a rule, the part is ND. What recognise and classify steps expect is
judged by `expectations`.
"""

from collections.abc import Iterable, Sequence

from edgevision.expectations import unexpected
from edgevision.ops.polygons import polygon_mask
from edgevision.recipe import GreyBand, Recipe, Rule, Zone
from edgevision.types import Defect, Findings, Judgement, Reason, Verdict

__all__ = ["judge", "verdict_of"]

_LIMITS = {
    "max_area_px": ("area", "area_px", "area {:.0f} px"),
    "max_length_px": ("length", "length_px", "length {:.0f} px"),
    "max_width_px": ("width", "width_max_px", "width {:.1f} px"),
    "max_area_mm": ("area", "area_mm", "area {:.2f} sq mm"),
    "max_length_mm": ("length", "length_mm", "length {:.2f} mm"),
    "max_width_mm": ("width", "width_max_mm", "width {:.2f} mm"),
}
"""Field of a rule: code of the reason, quantity of a defect, how people read it."""


def judge(findings: Sequence[Findings], recipe: Recipe) -> Verdict:
    """Return the verdict on one frame.

    A defect whose score is below the recipe's grey band does not count; within the band (`low`
    included, `high` not) it can make a part ND but not NG. A lower bound in `min_length_px`
    excludes defects that have no length.
    """
    defects = [defect for found in findings for defect in found.defects]
    sure, unsure = _split(defects, recipe.grey_band)
    zones = {zone.name: zone for zone in recipe.zones}
    broken, undecided = unexpected(findings, recipe)
    for rule in recipe.rules:
        zone = zones[rule.zone] if rule.zone else None
        certain = [defect for defect in sure if _matches(defect, rule, zone)]
        possible = [defect for defect in unsure if _matches(defect, rule, zone)]
        reasons = _broken(rule, certain)
        broken += reasons
        undecided += _uncalibrated(rule, [*certain, *possible])
        if recipe.grey_band and not reasons and _broken(rule, [*certain, *possible]):
            undecided.append(_grey(rule, possible, recipe.grey_band))
    return verdict_of(broken, undecided)


def verdict_of(broken: Iterable[Reason], undecided: Iterable[Reason]) -> Verdict:
    """Return NG for any broken rule, ND for anything undecided, else OK; NG reasons come first."""
    broken, undecided = tuple(broken), tuple(undecided)
    if broken:
        return Verdict(Judgement.NG, broken + undecided)
    return Verdict(Judgement.ND if undecided else Judgement.OK, undecided)


def _split(defects: Iterable[Defect], band: GreyBand | None) -> tuple[list[Defect], list[Defect]]:
    """Return those that count for certain and those in the grey band."""
    if band is None:
        return list(defects), []
    counted = [defect for defect in defects if defect.score >= band.low]
    return (
        [defect for defect in counted if defect.score >= band.high],
        [defect for defect in counted if defect.score < band.high],
    )


def _matches(defect: Defect, rule: Rule, zone: Zone | None) -> bool:
    return (
        rule.label in (None, defect.label)
        and defect.score >= rule.min_score
        and defect.area_px >= rule.min_area_px
        and (defect.length_px or 0.0) >= rule.min_length_px
        and (zone is None or _touches(defect, zone))
    )


def _touches(defect: Defect, zone: Zone) -> bool:
    """Whether the defect and the zone share a pixel; holes of the defect count as defect."""
    left, top, right, bottom = defect.box_xyxy
    if zone.rectangle_xyxy is not None:
        x1, y1, x2, y2 = zone.rectangle_xyxy
        if left >= x2 or top >= y2 or right <= x1 or bottom <= y1:
            return False
        corners: Sequence[tuple[float, float]] = ((x1, y1), (x2 - 1, y1), (x2 - 1, y2 - 1), (x1, y2 - 1))
    else:
        assert zone.polygon_xy is not None
        corners = zone.polygon_xy
    inside = polygon_mask(corners, defect.box_xyxy)
    return bool((inside & polygon_mask(defect.outline_xy, defect.box_xyxy)).any())


def _broken(rule: Rule, defects: Sequence[Defect]) -> list[Reason]:
    reasons = []
    if rule.max_count is not None and len(defects) > rule.max_count:
        reasons.append(_too_many(rule, defects, rule.max_count))
    for field, (code, quantity, text) in _LIMITS.items():
        limit: float | None = getattr(rule, field)
        measured = [(value, d) for d in defects if (value := d.measure(quantity)) is not None]
        if limit is not None and measured:
            worst, defect = max(measured, key=lambda pair: pair[0])
            if worst > limit:
                sentence = f"{_named(defect)} of {text.format(worst)}, at most {limit:g} allowed"
                reasons.append(Reason(code, sentence, _facts(rule, defect.label, worst, limit)))
    return reasons


def _too_many(rule: Rule, defects: Sequence[Defect], limit: int) -> Reason:
    noun = rule.label or "defect"
    found = f"{len(defects)} {noun if len(defects) == 1 else _plural(noun)} found, at most {limit} allowed"
    longest = max(defects, key=lambda defect: (defect.length_px or 0.0, defect.area_px))
    size = (
        f"largest {longest.area_px:.0f} px"
        if longest.length_px is None
        else f"longest {longest.length_px:.0f} px"
    )
    x, y = _centre(longest)
    text = f"{found}; {size} at ({x}, {y})"
    return Reason("count", text, _facts(rule, rule.label or "any", len(defects), limit))


def _uncalibrated(rule: Rule, defects: Sequence[Defect]) -> list[Reason]:
    for field, (_, quantity, _) in _LIMITS.items():
        if not field.endswith("_mm") or getattr(rule, field) is None:
            continue
        in_px = quantity.removesuffix("_mm") + "_px"
        for defect in defects:
            if defect.measure(in_px) is not None and defect.measure(quantity) is None:
                text = (
                    f"rule {rule.name}: {field} needs a calibrated camera; set px_per_mm in the station file"
                )
                return [Reason("uncalibrated", text, {"rule": rule.name, "label": defect.label})]
    return []


def _grey(rule: Rule, defects: Sequence[Defect], band: GreyBand) -> Reason:
    worst = max(defects, key=lambda defect: defect.score)
    text = f"{_named(worst)} scores {worst.score:.2f}, within the grey band: would break rule {rule.name}"
    return Reason("grey_band", text, _facts(rule, worst.label, worst.score, band.high))


def _facts(rule: Rule, label: str, measured: float, limit: float) -> dict[str, str | int | float]:
    value = measured if isinstance(measured, int) else round(measured, 3)
    return {"rule": rule.name, "label": label, "measured": value, "limit": limit}


def _named(defect: Defect) -> str:
    x, y = _centre(defect)
    return f"{defect.label} at ({x}, {y})"


def _centre(defect: Defect) -> tuple[int, int]:
    left, top, right, bottom = defect.box_xyxy
    return (left + right) // 2, (top + bottom) // 2


def _plural(noun: str) -> str:
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")
