"""Whether this machine knows what time it is: results carry it, and certificates depend on it."""

import ctypes
import datetime as dt
import time
from dataclasses import dataclass

from edgevision.doctor.findings import Examination, failed, fine, warned

__all__ = ["Reading", "check_clock", "is_synchronised", "read_clock"]

_EARLIEST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_JUMP_S = 0.5
_TIMEX_BYTES = 512
"""More than struct timex of any Linux; all zero, it asks and sets nothing."""
_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Both clocks at one moment."""

    wall_ns: int
    """UTC."""
    monotonic_ns: int


def read_clock() -> Reading:
    """Read both clocks."""
    return Reading(time.time_ns(), time.monotonic_ns())


def is_synchronised() -> bool | None:
    """Return whether the kernel says that something keeps the clock right; None when it does not say."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def check_clock(before: Reading, now: Reading, *, synchronised: bool | None) -> Examination:
    """Judge two readings, the first from the start of the examination."""
    shown = dt.datetime.fromtimestamp(now.wall_ns / 1e9, dt.UTC)
    jump_s = ((now.wall_ns - before.wall_ns) - (now.monotonic_ns - before.monotonic_ns)) / 1e9
    if not _EARLIEST <= shown <= _LATEST:
        remedy = "set the clock and have NTP keep it (systemd-timesyncd, chrony); replace the RTC's battery"
        yield failed("clock", f"it is {shown:%Y-%m-%d %H:%M} UTC here, which cannot be", remedy)
    elif abs(jump_s) > _JUMP_S:
        remedy = "see what sets the clock: two NTP programs, or a virtual machine's host"
        yield warned("clock", f"the clock jumped by {jump_s:+.1f} s during this examination", remedy)
    elif synchronised is False:
        remedy = "start an NTP client: timedatectl set-ntp true, or chrony"
        yield warned("clock", f"{shown:%Y-%m-%d %H:%M:%S} UTC, but nothing keeps it right", remedy)
    else:
        kept = "kept right by NTP" if synchronised else "whether NTP keeps it right is not known here"
        yield fine("clock", f"{shown:%Y-%m-%d %H:%M:%S} UTC, {kept}")
