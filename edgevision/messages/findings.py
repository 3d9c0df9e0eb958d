"""The parts of a result message: one entry per defect and one per reason, rounded."""

from typing import Annotated

from pydantic import ConfigDict, Field

from edgevision.messages.wire import MessageModel
from edgevision.types import Defect, Reason

__all__ = ["DefectEntry", "NotNegative", "ReasonEntry", "Score", "defect_entry", "reason_entry"]

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


def reason_entry(reason: Reason) -> ReasonEntry:
    """Return a reason as messages show it, its facts beside `code` and `text`."""
    facts = {
        name: round(value, 4) if isinstance(value, float) else value for name, value in reason.facts.items()
    }
    return ReasonEntry.model_validate(facts | {"code": reason.code, "text": reason.text})


def _rounded(defect: Defect, quantity: str, digits: int) -> float | None:
    value = defect.measure(quantity)
    return None if value is None else round(value, digits)
