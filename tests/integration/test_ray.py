"""Replay on a local Ray cluster of two workers: the same file, also when a worker dies."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from edgevision.build import Models
from edgevision.config.document import load_recipe
from edgevision.config.station import EngineSettings
from edgevision.errors import TruncatedInput
from edgevision.replay.cluster import replay_on_ray
from edgevision.replay.outputs import ResultLines
from edgevision.replay.pieces import Job, cut
from edgevision.replay.play import Replay
from tests.integration.conftest import Command
from tests.lasting import lasting
from tests.stations import FRUGAL, write_parts, write_recipe
from tests.videos import write_video

ENGINE = EngineSettings(name="onnxruntime", provider="cpu", precision="fp32", threads=1)
STORE_BYTES = 80 << 20
RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Stay on the loopback.
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "for-this-test-only-0123456789abcdef",
}
START_S = 60.0


@dataclass(frozen=True)
class Workers:
    """A cluster on the loopback: a head without cores, and two workers of one core."""

    cluster: Any
    address: str

    def lose(self, pid: int) -> None:
        """Take away the worker whose process this is, as when its machine loses power."""
        parent = parent_of(pid)
        for node in list(self.cluster.worker_nodes):
            if parent in {info.process.pid for info in node.all_processes["raylet"]}:
                self.cluster.remove_node(node, allow_graceful=False)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="ray") as folder:
        for name, value in (RAY_ENVIRONMENT | {"RAY_TMPDIR": folder}).items():
            patch.setenv(name, value)
        pytest.importorskip("ray", reason="Ray is not installed: pip install 'edgevision[ray]'")
        from ray.cluster_utils import Cluster

        common = {"object_store_memory": STORE_BYTES, "node_ip_address": "127.0.0.1"}
        head = {"num_cpus": 0, "include_dashboard": False, "dashboard_host": "127.0.0.1"}
        cluster = Cluster(initialize_head=True, head_node_args=common | head)
        for _ in range(2):
            cluster.add_node(num_cpus=1, **common)
        cluster.wait_for_nodes(timeout=START_S)
        yield Workers(cluster, str(cluster.address))
        cluster.shutdown()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    recipe = write_recipe(tmp_path)
    models = Models(load_recipe(recipe), ENGINE, streams=1)
    models.close()
    return Job(recipe, ENGINE, models.refs)


def locally(job: Job, inputs: list[str], out: Path) -> None:
    loaded = load_recipe(job.recipe)
    models = Models(loaded, job.engine, streams=2)
    with ResultLines(out, station="replay") as lines:
        summary = Replay(loaded, models, workers=2).play(inputs, [lines])
    models.close()
    summary.raise_damage()


def long_video(path: Path) -> Path:
    """Write 900 frames with differences between them, so that every frame needs those before it."""
    return write_video(path, fourcc="mp4v", frames=900)


def busy_workers() -> list[int]:
    """Return the processes of this test's cluster that are inspecting a piece."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                is_busy = b"ray::inspect_piece" in (process / "cmdline").read_bytes()
            except OSError:
                continue
            if is_busy and is_descendant(int(process.name)):
                found.append(int(process.name))
    return found


def is_descendant(pid: int) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = parent_of(pid)
    return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def parent_of(pid: int) -> int:
    """Return the parent of a process, 0 of one that is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@contextmanager
def struck(strike: Callable[[int], None]) -> Iterator[list[int]]:
    """Do something to the first process that is seen inspecting a piece; give a list of that one."""
    struck: list[int] = []
    is_over = threading.Event()

    def watch() -> None:
        while not struck and not is_over.wait(0.02):
            for pid in busy_workers()[:1]:
                strike(pid)
                struck.append(pid)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield struck
    finally:
        is_over.set()
        watcher.join()


@pytest.mark.parametrize("loss", ["worker", "machine"])
def test_the_file_is_the_same_although_a_worker_or_its_machine_is_lost(
    workers: Workers, job: Job, tmp_path: Path, loss: str
) -> None:
    inputs = [str(long_video(tmp_path / "belt.mp4")), str(write_parts(tmp_path / "parts", truth=True))]
    alone, spread = tmp_path / "alone.jsonl", tmp_path / "spread.jsonl"
    locally(job, inputs, alone)
    assert len(cut(inputs, None, parts=4)) == 5

    strike = workers.lose if loss == "machine" else kill
    with struck(strike) as lost:
        summary = replay_on_ray(workers.address, inputs, job, spread)

    assert len(lost) == 1
    assert summary.tally.total == 906
    assert summary.damage == []
    assert lasting(spread.read_bytes()) == lasting(alone.read_bytes())


def test_damage_is_told_once(workers: Workers, job: Job, tmp_path: Path) -> None:
    whole = long_video(tmp_path / "belt.avi")
    cut_off = tmp_path / "short.avi"
    cut_off.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    alone, spread = tmp_path / "alone.jsonl", tmp_path / "spread.jsonl"
    with pytest.raises(TruncatedInput):
        locally(job, [str(cut_off)], alone)
    summary = replay_on_ray(workers.address, [str(cut_off)], job, spread)

    assert len(summary.damage) == 1
    assert lasting(spread.read_bytes()) == lasting(alone.read_bytes())


def test_the_command_line_finds_the_cluster_of_this_machine(
    workers: Workers, tmp_path: Path, command: Command
) -> None:
    recipe, parts = write_recipe(tmp_path), write_parts(tmp_path / "parts", truth=True)
    common: list[Any] = ["replay", *FRUGAL, "--recipe", recipe]
    done = command(*common, "--out", tmp_path / "spread.jsonl", "--ray", "auto", parts)

    assert done.status == 0, done.err
    assert "escapes 1, false NG 0, ND 0" in done.out
    assert command(*common, "--out", tmp_path / "alone.jsonl", parts).status == 0
    assert lasting((tmp_path / "spread.jsonl").read_bytes()) == lasting(
        (tmp_path / "alone.jsonl").read_bytes()
    )


@pytest.mark.parametrize("option", ["--masks", "--annotate"])
def test_what_needs_the_pixels_here_is_refused(tmp_path: Path, command: Command, option: str) -> None:
    recipe, parts = write_recipe(tmp_path), write_parts(tmp_path / "parts")
    out = ["--recipe", recipe, "--out", tmp_path / "r.jsonl"]
    done = command("replay", *FRUGAL, *out, "--ray", "auto", option, tmp_path / "x.mp4", parts)

    assert done.status == 2
    assert "on one machine only" in done.err
