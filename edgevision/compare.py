"""Which verdicts flip between two sets of results: two recipes, bundles, engines or versions. Pure.

Results are matched by what was inspected, never by their ids: by trigger, or else by file (camera,
where there is none) and frame id; a repeated name counts on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from edgevision.types import Judgement

__all__ = ["Comparison", "Effect", "Flip", "Key", "Keys", "Result", "compare"]

BoxXyxy = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Key:
    """What was inspected."""

    name: str
    """File, or camera."""
    frame_id: int | None
    trigger_id: str | None = None
    """Where there was no frame."""
    occurrence: int = 0
    """How many inspections before it have the same name and frame."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a result message says, as far as reports and comparisons need it."""

    key: Key
    judgement: Judgement
    truth: Judgement | None
    score_max: float
    reason: str
    codes: tuple[str, ...]
    boxes: tuple[tuple[str, float, BoxXyxy], ...]
    """Class, score and box of each defect, in pixels of the frame."""
    size_wh: tuple[int, int]
    part_id: str | None
    origin: tuple[tuple[str, str], ...]
    """What made it: recipe, bundle, engine, as names and values."""


class Effect(StrEnum):
    """What a flip means."""

    NEW_ESCAPE = "new escape"
    ESCAPE_CAUGHT = "escape caught"
    NEW_FALSE_NG = "new false NG"
    FALSE_NG_GONE = "false NG gone"
    UNDECIDED_NOW = "undecided now"
    DECIDED_NOW = "decided now"
    NOW_NG = "now NG"
    NOW_OK = "now OK"


@dataclass(frozen=True, slots=True)
class Flip:
    """Two results of the same frame that disagree."""

    before: Result
    after: Result

    @property
    def effect(self) -> Effect:
        """What it means; where the truth is known, that decides."""
        was, now = self.before.judgement, self.after.judgement
        truth = self.after.truth or self.before.truth
        if truth is Judgement.NG and Judgement.OK in (was, now):
            return Effect.NEW_ESCAPE if now is Judgement.OK else Effect.ESCAPE_CAUGHT
        if truth is Judgement.OK and Judgement.NG in (was, now):
            return Effect.NEW_FALSE_NG if now is Judgement.NG else Effect.FALSE_NG_GONE
        if Judgement.ND in (was, now):
            return Effect.UNDECIDED_NOW if now is Judgement.ND else Effect.DECIDED_NOW
        return Effect.NOW_NG if now is Judgement.NG else Effect.NOW_OK


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of results, side by side."""

    matched: int
    flips: tuple[Flip, ...]
    """In the order of the first set."""
    only_before: tuple[Key, ...]
    only_after: tuple[Key, ...]
    table: Mapping[tuple[Judgement, Judgement], int]
    """(before, after) → how many matched results."""
    truths: Mapping[tuple[Judgement, Judgement], tuple[int, int]]
    """(truth, judgement) → how many matched results before and after, where the truth is known."""
    score_drift: float
    """Largest difference of the highest score of a matched frame."""

    @property
    def is_same(self) -> bool:
        """Whether every result is in both sets with the same judgement."""
        return not (self.flips or self.only_before or self.only_after)

    @property
    def effects(self) -> Mapping[Effect, int]:
        """How many flips mean what, in the order of `Effect`."""
        counts = Counter(flip.effect for flip in self.flips)
        return {effect: counts[effect] for effect in Effect if counts[effect]}


class Keys:
    """Gives inspections their keys, in their order, and counts repeated names."""

    def __init__(self) -> None:
        """Begin with none seen."""
        self._seen: Counter[Key] = Counter()

    def next(self, name: str, frame_id: int | None, trigger_id: str | None = None) -> Key:
        """Return the key of the next inspection; the trigger counts only where there was no frame."""
        first = Key(name, frame_id, trigger_id if frame_id is None else None)
        self._seen[first] += 1
        return replace(first, occurrence=self._seen[first] - 1)


def compare(before: Iterable[Result], after: Iterable[Result]) -> Comparison:
    """Return where two sets of results disagree."""
    first = {result.key: result for result in before}
    second = {result.key: result for result in after}
    pairs = [(first[key], second[key]) for key in first if key in second]
    truths: dict[tuple[Judgement, Judgement], tuple[int, int]] = {}
    for was, now in pairs:
        if (truth := now.truth or was.truth) is not None:
            for judgement, step in ((was.judgement, (1, 0)), (now.judgement, (0, 1))):
                counts = truths.get((truth, judgement), (0, 0))
                truths[truth, judgement] = counts[0] + step[0], counts[1] + step[1]
    return Comparison(
        matched=len(pairs),
        flips=tuple(Flip(was, now) for was, now in pairs if was.judgement is not now.judgement),
        only_before=tuple(key for key in first if key not in second),
        only_after=tuple(key for key in second if key not in first),
        table=Counter((was.judgement, now.judgement) for was, now in pairs),
        truths=truths,
        score_drift=max((abs(was.score_max - now.score_max) for was, now in pairs), default=0.0),
    )
