"""The parts of a result message: one entry per defect and one per reason, rounded."""

from typing import Annotated

from pydantic import ConfigDict, Field

from edgevision.messages.wire import MessageModel
from edgevision.types import ClassScore, Defect, Identity, Inspection, Reason

__all__ = [
    "ClassEntry",
    "DefectEntry",
    "IdentityEntry",
    "NotNegative",
    "ReasonEntry",
    "Score",
    "class_entries",
    "defect_entry",
    "identity_entries",
    "reason_entry",
]

Score = Annotated[float, Field(ge=0.0, le=1.0)]
NotNegative = Annotated[float, Field(ge=0.0)]


class DefectEntry(MessageModel):
    """One finding. Millimetres are there where the camera is calibrated, lengths for line-like defects."""

    class_: Annotated[str, Field(alias="class")]
    score: Score
    box_xyxy: tuple[int, int, int, int]
    """Left, top, right, bottom in source pixels; right and bottom exclusive."""
    area_px: NotNegative
    length_px: NotNegative | None = None
    width_px: NotNegative | None = None
    """Maximum width."""
    width_mean_px: NotNegative | None = None
    area_mm: NotNegative | None = None
    """Square millimetres."""
    length_mm: NotNegative | None = None
    width_mm: NotNegative | None = None
    width_mean_mm: NotNegative | None = None


class IdentityEntry(MessageModel):
    """Who or which variant was seen."""

    task: str
    """The step of the recipe that saw it."""
    name: str | None = None
    """Absent: unknown, or not to be told."""
    score: Annotated[float, Field(ge=-1.0, le=1.0)]
    """Cosine similarity to the nearest enrolled example."""
    box_xyxy: tuple[int, int, int, int]
    """Left, top, right, bottom in source pixels; right and bottom exclusive."""
    problem: str | None = None
    """Why it could not be told."""


class ClassEntry(MessageModel):
    """One of the most probable classes of a region, by falling probability."""

    task: str
    """The step of the recipe that saw it."""
    class_: Annotated[str, Field(alias="class")]
    score: Score
    """Calibrated probability."""


class ReasonEntry(MessageModel):
    """Why a judgement is not OK: a code for machines, a sentence for people, and the facts behind them."""

    model_config = ConfigDict(extra="allow")

    code: str
    text: str
    __pydantic_extra__: dict[str, str | int | float]


def defect_entry(defect: Defect) -> DefectEntry:
    """Return a defect as messages show it: scores with 4 decimals, pixels with 1 or 2, millimetres with 3."""
    return DefectEntry(
        class_=defect.label,
        score=round(defect.score, 4),
        box_xyxy=defect.box_xyxy,
        area_px=round(defect.area_px, 1),
        length_px=_rounded(defect, "length_px", 2),
        width_px=_rounded(defect, "width_max_px", 2),
        width_mean_px=_rounded(defect, "width_mean_px", 2),
        area_mm=_rounded(defect, "area_mm", 3),
        length_mm=_rounded(defect, "length_mm", 3),
        width_mm=_rounded(defect, "width_max_mm", 3),
        width_mean_mm=_rounded(defect, "width_mean_mm", 3),
    )


def identity_entries(inspection: Inspection) -> tuple[IdentityEntry, ...] | None:
    """Return the identities of all tasks; None where no task recognises."""
    found = [(each.task, each.identities) for each in inspection.findings if each.identities is not None]
    if not found:
        return None
    return tuple(_identity_entry(task, one) for task, identities in found for one in identities)


def class_entries(inspection: Inspection) -> tuple[ClassEntry, ...] | None:
    """Return the classes of all tasks; None where no task classifies."""
    found = [(each.task, each.classes) for each in inspection.findings if each.classes is not None]
    if not found:
        return None
    return tuple(_class_entry(task, one) for task, classes in found for one in classes)


def _identity_entry(task: str, identity: Identity) -> IdentityEntry:
    return IdentityEntry(
        task=task,
        name=identity.name,
        score=round(identity.score, 4),
        box_xyxy=identity.box_xyxy,
        problem=identity.problem or None,
    )


def _class_entry(task: str, found: ClassScore) -> ClassEntry:
    return ClassEntry(task=task, class_=found.label, score=round(found.score, 4))


def reason_entry(reason: Reason) -> ReasonEntry:
    """Return a reason as messages show it, its facts beside `code` and `text`."""
    facts = {
        name: round(value, 4) if isinstance(value, float) else value for name, value in reason.facts.items()
    }
    return ReasonEntry.model_validate(facts | {"code": reason.code, "text": reason.text})


def _rounded(defect: Defect, quantity: str, digits: int) -> float | None:
    value = defect.measure(quantity)
    return None if value is None else round(value, digits)
