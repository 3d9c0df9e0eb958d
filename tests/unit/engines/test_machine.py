import os
from pathlib import Path

import pytest

from edgevision.engines.machine import available_threads, may_pin, processor

CORES = len(os.sched_getaffinity(0))


def cgroup(root: Path, folder: str, limit: str) -> None:
    path = root / "sys/fs/cgroup" / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / "cpu.max").write_text(limit + "\n")


def member_of(root: Path, group: str) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"0::{group}\n")


def test_without_cgroups_the_affinity_counts(tmp_path: Path) -> None:
    assert available_threads(tmp_path) == CORES


@pytest.mark.parametrize(
    ("limit", "threads"),
    [("100000 100000", 1), ("50000 100000", 1), ("6400000 100000", CORES), ("max 100000", CORES)],
)
def test_a_quota_limits_the_threads_but_leaves_one(tmp_path: Path, limit: str, threads: int) -> None:
    cgroup(tmp_path, "", limit)
    assert available_threads(tmp_path) == threads


def test_the_quota_of_a_group_above_counts_too(tmp_path: Path) -> None:
    member_of(tmp_path, "/line.slice/edgevision.service")
    cgroup(tmp_path, "line.slice", "100000 100000")
    cgroup(tmp_path, "line.slice/edgevision.service", "max 100000")
    assert available_threads(tmp_path) == 1


def test_a_processor_is_recognised_by_model_and_instruction_sets(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    info = tmp_path / "proc/cpuinfo"
    found = set()
    for flags in ("avx2 fma", "fma avx2", "avx2 fma avx512_vnni"):
        info.write_text(f"model name\t: EPYC\nflags\t\t: {flags}\n\nmodel name\t: EPYC\nflags\t: {flags}\n")
        found.add(processor(tmp_path))
    assert len(found) == 2
    assert all(name.startswith("EPYC ") for name in found)


def test_a_machine_without_cpuinfo_has_a_name_all_the_same(tmp_path: Path) -> None:
    assert processor(tmp_path)


def test_threads_are_pinned_only_where_one_call_has_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert may_pin(4)
    assert not may_pin(1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert not may_pin(2)
