"""From pictures that left and results that came to delays, and to pictures missed or judged twice. Pure."""

import statistics
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgevision.bench.suite.barcode import CODES
from edgevision.bench.suite.witness import Witness

__all__ = ["Delays", "delays_of", "percentile"]

_WARM = 5
"""So many results of each station are no part of its delays: connecting takes long once."""


@dataclass(frozen=True, slots=True)
class Delays:
    """One station's."""

    delays_ms: tuple[float, ...]
    """From a picture's leaving the camera to its result at the subscriber, in order."""
    missed: int
    """Pictures between the first and the last result without any."""
    duplicated: int
    """Results for a picture that has one already."""


def delays_of(station: str, codes: Mapping[int, int], seen: Witness) -> Delays:
    """Return the delays of one station.

    Args:
        station: Its name.
        codes: The barcode of each frame id.
        seen: What the surroundings saw of it and of others. A barcode belongs to the newest picture
            that bears it and had left before the result came.
    """
    found: list[tuple[int, float]] = []
    for arrival in seen.arrivals:
        if arrival.station == station and arrival.frame_id in codes:
            number = _number(codes[arrival.frame_id], arrival.at_ns, seen.sent_ns)
            if number >= 0:
                found.append((number, (arrival.at_ns - seen.sent_ns[number]) / 1e6))
    numbers = {number for number, _ in found}
    spanned = max(numbers) - min(numbers) + 1 if numbers else 0
    return Delays(
        tuple(delay_ms for _, delay_ms in found[_WARM:]), spanned - len(numbers), len(found) - len(numbers)
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value below which so many percent lie; of at least two."""
    return statistics.quantiles(values, n=100)[percent - 1]


def _number(code: int, at_ns: int, sent_ns: Sequence[int]) -> int:
    """Return which picture a barcode belongs to; negative where none does."""
    newest = bisect_right(sent_ns, at_ns) - 1
    return newest - (newest - code) % CODES
