"""Feeds functions with damaged and invented input for as long as there is time, and watches the memory."""

import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from edgevision.errors import EdgeVisionError

__all__ = ["MAX_GROWTH_MB", "damaged", "fuzz", "refused_or_fine", "rss_mb"]

LONG_S = 60.0
"""Of each of the ten targets: ten minutes in all."""
EXAMPLES = 60
MAX_GROWTH_MB = 64.0

Input = TypeVar("Input")


def fuzz(strategy: st.SearchStrategy[Input], check: Callable[[Input], None], *, is_long: bool) -> str:
    """Check examples and return what was done, in words; fails when memory grows.

    The first round warms up: what libraries allocate once is no growth.
    """
    began, before_mb = time.monotonic(), 0.0
    for number in count():
        bounded = settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(bounded(given(strategy)(check)))()
        before_mb = before_mb or rss_mb()
        if number > 0 and (not is_long or time.monotonic() - began > LONG_S):
            break
    grown_mb = rss_mb() - before_mb
    assert grown_mb < MAX_GROWTH_MB
    return f"{(number + 1) * EXAMPLES} inputs, memory {grown_mb:+.0f} MB"


def refused_or_fine(call: Callable[[], object]) -> bool:
    """Return whether the call went well; anything but an error with a reason fails the test."""
    try:
        call()
    except EdgeVisionError as error:
        if not str(error).strip():
            pytest.fail(f"{type(error).__name__} gives no reason")
        return False
    except Exception as error:  # noqa: BLE001 - told with what caused it
        pytest.fail(f"{type(error).__name__}: {error}")
    return True


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """Draw the bytes with some of them changed, cut out, repeated, inserted, or the rest missing."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        to = min(len(data), at + draw(st.sampled_from([1, 1, 2, 4, 16, 200])))
        new = draw(st.binary(min_size=to - at, max_size=to - at))
        match draw(st.sampled_from(["change", "change", "ones", "remove", "repeat", "insert", "cut"])):
            case "change":
                data[at:to] = new
            case "ones":
                data[at:to] = b"\xff" * (to - at)
            case "remove":
                del data[at:to]
            case "repeat":
                data[at:at] = data[at:to]
            case "insert":
                data[at:at] = new
            case _:
                del data[at:]
    return bytes(data)


def rss_mb() -> float:
    """Return how much memory this process has resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
