"""Which one it is: what recognise and classify tasks answer. Part of the vocabulary of `edgevision.types`."""

from dataclasses import dataclass

__all__ = ["ClassScore", "Identity"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who or which variant something is, by its nearest enrolled example."""

    name: str | None
    """None: it resembles nobody enrolled, or it could not be told."""
    score: float
    """Cosine similarity to the nearest example, -1 to 1; 0 where there was none to compare."""
    box_xyxy: tuple[int, int, int, int]
    """In pixels of the source frame; right and bottom exclusive."""
    problem: str = ""
    """Why it could not be told: too small, blurred or turned away."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class of a classifier with its calibrated probability."""

    label: str
    score: float
