"""Chooses the golden samples of a bundle from held-out pictures.

They are chosen by the fp32 model's verdicts before any int8 model has run, so that a flip can show.
"""

from edgevision.errors import BundleError
from edgevision.ports import Engine
from edgevision.types import Judgement
from export.materials import evenly
from export.subject import GoldenInput, Run, Subject

__all__ = ["choose_golden"]

PER_VERDICT = 4
AT_LEAST = 4


def choose_golden(subject: Subject, engine: Engine, run: Run) -> tuple[GoldenInput, ...]:
    """Choose pictures evenly among those judged OK and NG, and of each the input that shows it best.

    Args:
        subject: The model in question.
        engine: Runs the fp32 model.
        run: What it made of the held-out pictures; only clear ones are chosen.

    Raises:
        BundleError: too few pictures are clearly judged OK or NG.
    """
    chosen: list[tuple[int, Judgement]] = []
    for judgement in (Judgement.OK, Judgement.NG):
        indices = [i for i, p in enumerate(run.pictures) if p.is_clear and p.judgement is judgement]
        chosen += [(indices[position], judgement) for position in evenly(len(indices), PER_VERDICT)]
    if len(chosen) < AT_LEAST:
        raise BundleError(
            f"golden samples: expected at least {AT_LEAST} held-out pictures judged OK or NG, got "
            f"{len(chosen)} of {subject.pictures}; give more pictures with --data"
        )
    return tuple(subject.golden_input(engine, index, judgement) for index, judgement in chosen)
