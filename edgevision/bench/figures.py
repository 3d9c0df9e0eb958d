"""What measured seconds mean: rates, the bound of a loop that wastes nothing, and how near it comes. Pure."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Burst", "LoopFigures", "Spread", "loop_figures", "spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, and the lowest and highest of them."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Burst:
    """The same piece of work done `units` times, by however many threads."""

    units: int
    wall_s: float
    cpu_s: float
    """Of the whole process."""

    @property
    def rate_hz(self) -> float:
        """Return units per second."""
        return self.units / self.wall_s

    @property
    def cpu_s_per_unit(self) -> float:
        """Return CPU seconds for one unit."""
        return self.cpu_s / self.units


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """The whole loop beside the model and the decoder that it is made of."""

    rate_hz: Spread
    cpu_ms: Spread
    """Per frame."""
    bound_hz: Spread
    """Of a loop that keeps all cores busy with model and decoder, and does nothing else."""
    share: Spread
    """Rate against that bound. Other processes on the machine lower it."""
    cpu_ratio: Spread
    """CPU time against that of model and decoder: 1 is a loop that costs nothing."""


def spread(values: Iterable[float]) -> Spread:
    """Summarise the values of all rounds, at least one."""
    found = sorted(values)
    return Spread(statistics.median(found), found[0], found[-1])


def loop_figures(
    cores: int, loops: Sequence[Burst], models: Sequence[Burst], decodes: Sequence[Burst]
) -> LoopFigures:
    """Compare the loop of each round with the model and the decoder of the same round.

    Args:
        cores: How many threads the machine runs at once.
        loops: One of each round; a unit is a frame.
        models: The engine of the loop, with all its streams busy; a unit is a call.
        decodes: The video of the loop; a unit is a frame.
    """
    needed_s = [
        model.cpu_s_per_unit + decode.cpu_s_per_unit for model, decode in zip(models, decodes, strict=True)
    ]
    pairs = list(zip(loops, needed_s, strict=True))
    return LoopFigures(
        rate_hz=spread(loop.rate_hz for loop in loops),
        cpu_ms=spread(1e3 * loop.cpu_s_per_unit for loop in loops),
        bound_hz=spread(cores / needed for needed in needed_s),
        share=spread(loop.rate_hz * needed / cores for loop, needed in pairs),
        cpu_ratio=spread(loop.cpu_s_per_unit / needed for loop, needed in pairs),
    )
