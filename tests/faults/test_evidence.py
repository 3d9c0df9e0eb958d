"""Evidence when the disk is full, read-only, limited or slow, and when the writer is killed."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import cv2
import pytest

from edgevision.config.document import load_station
from edgevision.doctor.disk import check_disk
from edgevision.doctor.findings import Grade
from edgevision.evidence.folder import FolderDisk
from edgevision.evidence.keeper import EvidenceKeeper
from edgevision.evidence.plan import Plan
from edgevision.evidence.store import EvidenceStore
from edgevision.messages import Topics
from edgevision.types import Judgement
from tests.daemons import broker, results, wait_until
from tests.faults.disks import make_read_only, small_disk
from tests.mosquitto import free_port, needs_mosquitto
from tests.repo.files import ROOT
from tests.stations import COMMAND, check_message, write_station
from tests.unit.evidence.exhibits import part

LONG_S = 120.0
GB = 10**9
TOPICS = Topics("edgevision", "line1")


def files_in(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in root.rglob("*") if path.is_file()}


def check_whole(root: Path) -> None:
    """Check that every file is readable to its end and belongs to a complete exhibit."""
    for path in files_in(root):
        if path.suffix == ".json":
            check_message("result", json.loads(path.read_bytes()))
            assert path.with_suffix(".png").is_file()
        elif path.suffix == ".png":
            assert cv2.imread(str(path)) is not None
            assert path.with_suffix(".json").is_file()
            assert (path.parent / "overlay" / path.with_suffix(".jpg").name).is_file()
        else:
            assert (path.parent.name, path.suffix) == ("overlay", ".jpg")


def keeper(root: Path, store: EvidenceStore) -> EvidenceKeeper:
    return EvidenceKeeper(Plan(root, ok_one_in=1), store, station="line1", waiting_max_bytes=GB)


def keep(root: Path, store: EvidenceStore, numbers: Sequence[int], judgement: Judgement) -> EvidenceKeeper:
    """Keep parts of these numbers and wait until all are written or given up."""
    one = keeper(root, store)
    one.start()
    one.commit([part(judgement, number) for number in numbers])
    one.close(LONG_S)
    return one


def test_a_full_disk_loses_pictures_and_nothing_else(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=256) as root:
        (root / "foreign").write_bytes(b"x" * 100 * 1024)
        store = EvidenceStore(FolderDisk(root), budget_bytes=GB, min_free_bytes=0)
        full = keep(root, store, range(30), Judgement.NG)
        assert min(full.figures.kept, full.figures.failed) > 0
        assert "No space left" in full.health.failure
        (root / "foreign").unlink()
        again = keep(root, store, range(100, 104), Judgement.NG)

        assert again.figures.failed == 0
        check_whole(root)
        assert store.size_bytes == sum(files_in(root).values())


def test_a_disk_filled_by_others_keeps_what_it_has_and_tells(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=256) as root:
        store = EvidenceStore(FolderDisk(root), budget_bytes=GB, min_free_bytes=50_000)
        keep(root, store, range(3), Judgement.NG)
        before = set(files_in(root))
        with (root / "foreign").open("wb") as foreign:
            free_bytes = FolderDisk(root).free_bytes()
            foreign.write(b"x" * free_bytes)
        stuck = keep(root, store, range(10, 12), Judgement.NG)

        assert "free space" in stuck.health.failure
        assert (stuck.figures.kept, stuck.figures.failed) == (0, 2)
        assert set(files_in(root)) - {root / "foreign"} == before


def test_a_read_only_disk_is_told_until_it_is_writable_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=1024) as root:
        store = EvidenceStore(FolderDisk(root), budget_bytes=GB, min_free_bytes=0)
        keep(root, store, range(3), Judgement.NG)
        make_read_only(root)
        stuck = keep(root, store, range(10, 13), Judgement.NG)
        assert (stuck.figures.kept, stuck.figures.failed) == (0, 3)
        assert "Read-only file system" in stuck.health.failure

        make_read_only(root, read_only=False)
        again = keep(root, store, range(20, 23), Judgement.NG)
        assert (again.figures.kept, again.health.failure) == (3, "")
        check_whole(root)


def test_the_doctor_tells_a_full_and_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=1024) as root:
        path = write_station(
            tmp_path,
            {"source": "sample:1"},
            port=free_port(),
            ledger={"path": str(root / "ledger.db")},
            evidence={"folder": str(root)},
        )
        station = load_station(path)
        small = list(check_disk(station))
        make_read_only(root)
        read_only = list(check_disk(station))

    for found in (*small, *read_only):
        assert found.verdict is Grade.FAIL
    assert all("free" in found.text for found in small)
    assert all("Read-only file system" in found.text for found in read_only)


@pytest.mark.broker
@needs_mosquitto
def test_a_station_that_may_not_write_a_byte_goes_on_and_raises_an_alarm(tmp_path: Path) -> None:
    forbid_writing = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
    with broker() as (mosquitto, subscriber):
        path = write_station(
            tmp_path,
            {"source": "sample:1"},
            port=mosquitto.port,
            evidence={"folder": "evidence", "min_free_gb": 0},
        )
        command = [*forbid_writing, *COMMAND, "run", "-c", str(path)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                alarm = wait_until(subscriber, TOPICS.alarm, lambda message: message["active"])
                results(subscriber, count=len(results(subscriber)) + 5)
                assert process.poll() is None
                process.terminate()
                assert process.wait(60) == 0
            finally:
                process.kill()

    assert alarm["code"] == "evidence_failed"
    assert files_in(tmp_path / "evidence") == {}


class WatchedDisk(FolderDisk):
    """Notes how much lay on the disk after each exhibit."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._watched = root
        self.most_bytes = 0

    def write(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> None:
        super().write(files)
        self.most_bytes = max(self.most_bytes, sum(files_in(self._watched).values()))


def test_the_budget_holds_under_load(tmp_path: Path, is_long: bool) -> None:
    budget_bytes, disk = 400_000, WatchedDisk(tmp_path)
    store = EvidenceStore(disk, budget_bytes=budget_bytes, min_free_bytes=0)
    one = keeper(tmp_path, store)
    one.start()
    count = 5000 if is_long else 150
    for number in range(count):
        one.commit([part(list(Judgement)[number % 3], number)])
    one.close(10 * LONG_S)

    assert one.figures.kept == count
    assert one.figures.deleted > 0
    assert 0.8 * budget_bytes < disk.most_bytes <= budget_bytes
    assert store.size_bytes == sum(files_in(tmp_path).values())
    check_whole(tmp_path)


@contextmanager
def writing(root: Path, budget_bytes: int, seed: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.faults.evidence_writer", str(root), str(budget_bytes), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_writer_killed_at_any_moment_leaves_nothing_half(tmp_path: Path, is_long: bool) -> None:
    rng, budget_bytes, root = random.Random(7), 300_000, tmp_path / "line1"
    for seed in range(200 if is_long else 5):
        with writing(root, budget_bytes, seed):
            time.sleep(rng.uniform(0.0, 0.3))  # the moment of the kill is what is tested
        kept = FolderDisk(root).scan()

        check_whole(root)
        on_disk = files_in(root)
        assert sum(each.size_bytes for each in kept) == sum(on_disk.values()) <= budget_bytes
        assert {root / each.exhibit.original for each in kept} == {
            path for path in on_disk if path.suffix == ".png"
        }
