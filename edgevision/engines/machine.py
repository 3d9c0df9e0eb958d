"""What this machine and this process have to compute with."""

import hashlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_threads", "may_pin", "parallel_calls", "processor", "streams_for"]


def available_threads(root: Path = Path("/")) -> int:
    """Return how many threads this process may keep busy: its affinity, limited by its cgroups' quota.

    Args:
        root: Where /proc and /sys are; for tests.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *_quotas(root)]))


def parallel_calls() -> int:
    """Return how many calls of a model in flight keep all threads busy: one more than there are threads.

    A worker also scales pictures, judges and waits for the order; meanwhile another one's call fills its
    thread. On two cores three calls gave 12 % more frames a second than two.
    """
    return available_threads() + 1


def streams_for(cameras: int) -> int:
    """Return how many calls of a model run at the same time at a station with so many cameras."""
    return min(cameras, parallel_calls())


def may_pin(threads: int) -> bool:
    """Return whether a single call's threads may be pinned: they take all cores, and no affinity forbids it.

    With fewer threads, several processes would pin theirs to the same first cores. Otherwise a thread that is
    woken after a pause is mostly put onto its waker's core, and both take turns: one call every 40 ms took
    8.2 ms on two cores, and 4.8 to 6.2 ms pinned to them.
    """
    return hasattr(os, "sched_getaffinity") and threads == len(os.sched_getaffinity(0)) == os.cpu_count()


def processor(root: Path = Path("/")) -> str:
    """Return the model of the processor and a digest of its instruction sets, to recognise it again."""
    try:
        lines = (root / "proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", facts.get("Features", ""))
    digest = hashlib.sha256(" ".join(sorted(flags.split())).encode()).hexdigest()[:12]
    return f"{facts.get('model name', platform.machine())} {digest}"


def _quotas(root: Path) -> Iterator[int]:
    """Give the processor quota, in whole cores, of this process's cgroup and those above it."""
    mount = root / "sys/fs/cgroup"
    for folder in [mount, *_own_cgroups(root, mount)]:
        try:
            quota, period = (folder / "cpu.max").read_text().split()
        except (OSError, ValueError):
            continue  # No cgroup 2 here, or no limit at this level.
        if quota != "max":
            yield int(quota) // int(period)


def _own_cgroups(root: Path, mount: Path) -> Iterator[Path]:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith("0::/"):
            path = mount / line.removeprefix("0::/")
            yield from (folder for folder in [path, *path.parents] if folder.is_relative_to(mount))
