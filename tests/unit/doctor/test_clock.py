import datetime as dt
from dataclasses import replace

import pytest

from edgevision.doctor.clock import Reading, check_clock, is_synchronised, read_clock
from edgevision.doctor.findings import Finding, Grade

NOW = Reading(round(dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC).timestamp() * 1e9), 5_000_000_000)
LATER = Reading(NOW.wall_ns + 3_000_000_000, NOW.monotonic_ns + 3_000_000_000)


def judged(now: Reading, *, synchronised: bool | None = True) -> Finding:
    (found,) = check_clock(NOW, now, synchronised=synchronised)
    return found


def test_a_clock_that_goes_right_is_fine() -> None:
    assert judged(LATER).verdict is Grade.OK
    assert judged(LATER, synchronised=None).verdict is Grade.OK


@pytest.mark.parametrize("year", [1970, 2025, 2101])
def test_a_year_that_cannot_be_is_a_failure(year: int) -> None:
    wall_ns = round(dt.datetime(year, 6, 1, tzinfo=dt.UTC).timestamp() * 1e9)

    assert judged(replace(LATER, wall_ns=wall_ns)).verdict is Grade.FAIL


@pytest.mark.parametrize("jump_s", [-2, 2])
def test_a_clock_that_jumps_is_warned_of(jump_s: int) -> None:
    found = judged(replace(LATER, wall_ns=LATER.wall_ns + jump_s * 10**9))

    assert found.verdict is Grade.WARN
    assert f"{jump_s:+.1f} s" in found.text


def test_a_clock_that_nobody_keeps_is_warned_of() -> None:
    assert "NTP" in judged(LATER, synchronised=False).remedy


def test_this_machine_is_asked_without_changing_anything() -> None:
    before = read_clock()

    assert is_synchronised() in {True, False, None}
    assert read_clock().monotonic_ns >= before.monotonic_ns
