"""Replay on a local Ray cluster of two workers: the same file, also when a worker is killed."""

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgevision.build import Models
from edgevision.config.document import load_recipe
from edgevision.config.station import EngineSettings
from edgevision.errors import TruncatedInput
from edgevision.messages import VOLATILE_FIELDS
from edgevision.replay.cluster import replay_on_ray
from edgevision.replay.outputs import ResultLines
from edgevision.replay.pieces import Job, cut
from edgevision.replay.play import Replay
from tests.integration.conftest import Command
from tests.stations import FRUGAL, write_parts, write_recipe
from tests.videos import write_video

ENGINE = EngineSettings(name="onnxruntime", provider="cpu", precision="fp32", threads=1)
STORE_BYTES = 80 << 20
START_S = 60.0


def lasting(path: Path) -> bytes:
    """Return the lines without the fields that may differ between two runs."""
    volatile = re.compile(b'"(?:' + "|".join(sorted(VOLATILE_FIELDS)).encode() + rb')":[^,}]+,?')
    return volatile.sub(b"", path.read_bytes())


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[str]:
    """Start a head without cores and two workers of one core on the loopback; give the head's address."""
    if not request.config.getoption("--long"):
        pytest.skip("starting a cluster takes minutes on a small machine; it runs with --long")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Stay on the loopback.
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'edgevision[ray]'")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "node_ip_address": "127.0.0.1"}
    started = Cluster(
        initialize_head=True,
        head_node_args=head | {"object_store_memory": STORE_BYTES, "dashboard_host": "127.0.0.1"},
    )
    for _ in range(2):
        started.add_node(num_cpus=1, object_store_memory=STORE_BYTES, node_ip_address="127.0.0.1")
    started.wait_for_nodes(timeout=START_S)
    yield str(started.address)
    started.shutdown()


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
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


def test_the_cluster_writes_the_same_file_while_a_worker_is_killed(
    cluster: str, job: Job, tmp_path: Path
) -> None:
    inputs = [str(long_video(tmp_path / "belt.mp4")), str(write_parts(tmp_path / "parts", truth=True))]
    alone, spread = tmp_path / "alone.jsonl", tmp_path / "spread.jsonl"
    locally(job, inputs, alone)
    assert len(cut(inputs, None, parts=4)) == 5
    killed: list[int] = []
    is_over = threading.Event()

    def kill_one() -> None:
        while not killed and not is_over.wait(0.02):
            for pid in busy_workers()[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        summary = replay_on_ray(cluster, inputs, job, spread)
    finally:
        is_over.set()
        killer.join()

    assert len(killed) == 1
    assert summary.tally.total == 906
    assert summary.damage == []
    assert lasting(spread) == lasting(alone)


def test_damage_is_told_once(cluster: str, job: Job, tmp_path: Path) -> None:
    whole = long_video(tmp_path / "belt.avi")
    cut_off = tmp_path / "short.avi"
    cut_off.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    alone, spread = tmp_path / "alone.jsonl", tmp_path / "spread.jsonl"
    with pytest.raises(TruncatedInput):
        locally(job, [str(cut_off)], alone)
    summary = replay_on_ray(cluster, [str(cut_off)], job, spread)

    assert len(summary.damage) == 1
    assert lasting(spread) == lasting(alone)


def test_the_command_line_replays_on_the_cluster(cluster: str, tmp_path: Path, command: Command) -> None:
    recipe, parts = write_recipe(tmp_path), write_parts(tmp_path / "parts", truth=True)
    common: list[Any] = ["replay", *FRUGAL, "--recipe", recipe]
    done = command(*common, "--out", tmp_path / "spread.jsonl", "--ray", cluster, parts)

    assert done.status == 0, done.err
    assert "escapes 1, false NG 0, ND 0" in done.out
    assert command(*common, "--out", tmp_path / "alone.jsonl", parts).status == 0
    assert lasting(tmp_path / "spread.jsonl") == lasting(tmp_path / "alone.jsonl")


@pytest.mark.parametrize("option", ["--masks", "--annotate"])
def test_what_needs_the_pixels_here_is_refused(tmp_path: Path, command: Command, option: str) -> None:
    recipe, parts = write_recipe(tmp_path), write_parts(tmp_path / "parts")
    out = ["--recipe", recipe, "--out", tmp_path / "r.jsonl"]
    done = command("replay", *FRUGAL, *out, "--ray", "auto", option, tmp_path / "x.mp4", parts)

    assert done.status == 2
    assert "on one machine only" in done.err
