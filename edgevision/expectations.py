"""Judging who or what was seen by what the steps of a recipe expect. Pure; limits on defects are `rules`.

An unfit picture and a score in the recipe's grey band decide nothing.
"""

from collections.abc import Iterable, Sequence

from edgevision.recipe import ClassifyStep, GreyBand, Recipe, RecogniseStep
from edgevision.types import Findings, Identity, Reason

__all__ = ["unexpected"]

Reasons = tuple[list[Reason], list[Reason]]


def unexpected(findings: Sequence[Findings], recipe: Recipe) -> Reasons:
    """Return the reasons for NG and those for ND."""
    broken: list[Reason] = []
    undecided: list[Reason] = []
    found_by = {found.task: found for found in findings}
    for step in recipe.tasks:
        found = found_by.get(step.name)
        if found is None:
            continue
        if isinstance(step, RecogniseStep) and found.identities is not None:
            more = _identities(step, found.identities, recipe.grey_band)
        elif isinstance(step, ClassifyStep) and found.classes:
            more = _classes(step, found, recipe.grey_band)
        else:
            continue
        broken += more[0]
        undecided += more[1]
    return broken, undecided


def _identities(step: RecogniseStep, identities: Sequence[Identity], band: GreyBand | None) -> Reasons:
    if step.expected is None:
        return [], []
    broken, undecided = [], []
    for identity in identities:
        facts = _facts(step.name, identity.name or "unknown", identity.score)
        place = _place(identity)
        if identity.problem:
            undecided.append(Reason("quality", f"{identity.problem} {place}, so it cannot be told", facts))
        elif _is_within(identity.score, band):
            text = f"{_named(identity)} {place} scores {identity.score:.2f}, within the grey band"
            undecided.append(Reason("grey_band", text, facts))
        elif identity.name is None:
            text = f"{_wanted(step)}, got an unknown one {place}; nearest score {identity.score:.2f}"
            broken.append(Reason("unknown", text, facts))
        elif step.expected != "known" and identity.name not in step.expected:
            text = f"{_wanted(step)}, got {identity.name} {place} with score {identity.score:.2f}"
            broken.append(Reason("identity", text, facts))
    if not identities and step.expected != "known":
        broken.append(Reason("missing", f"{_wanted(step)}, found none", {"rule": step.name}))
    return broken, undecided


def _classes(step: ClassifyStep, found: Findings, band: GreyBand | None) -> Reasons:
    """With a grey band the probability of all unexpected classes decides, else the most probable class."""
    if step.expected is None or not found.classes:
        return [], []
    top = found.classes[0]
    text = f"expected {_one_of(step.expected)}, got {top.label} with probability {top.score:.2f}"
    facts = _facts(step.name, top.label, found.score_max)
    if _is_within(found.score_max, band):
        grey = f"{step.name}: {found.score_max:.2f} for an unexpected class is within the grey band"
        return [], [Reason("grey_band", grey, facts)]
    is_broken = top.label not in step.expected if band is None else found.score_max >= band.high
    return ([Reason("class", text, facts)] if is_broken else []), []


def _is_within(score: float, band: GreyBand | None) -> bool:
    return band is not None and band.low <= score < band.high


def _wanted(step: RecogniseStep) -> str:
    known = step.expected is None or step.expected == "known"
    return "expected somebody enrolled" if known else f"expected {_one_of(step.expected or ())}"


def _one_of(names: Iterable[str]) -> str:
    return " or ".join(names)


def _named(identity: Identity) -> str:
    return identity.name or "unknown"


def _place(identity: Identity) -> str:
    left, top, right, bottom = identity.box_xyxy
    return f"at ({(left + right) // 2}, {(top + bottom) // 2})"


def _facts(step: str, label: str, measured: float) -> dict[str, str | int | float]:
    return {"rule": step, "label": label, "measured": round(measured, 3)}
