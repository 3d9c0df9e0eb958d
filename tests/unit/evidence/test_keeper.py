"""The keeper with its thread, on a disk in memory and on a real one."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pytest

from edgevision.errors import EvidenceError
from edgevision.evidence.fake import FakeDisk
from edgevision.evidence.folder import FolderDisk
from edgevision.evidence.keeper import EvidenceHealth, EvidenceKeeper
from edgevision.evidence.plan import Plan
from edgevision.evidence.store import Disk, EvidenceStore
from edgevision.recipe import EvidenceImage
from edgevision.types import Judgement
from tests.inspections import RECIPE
from tests.stations import check_message
from tests.unit.evidence.exhibits import part

LONG_S = 60.0
GB = 10**9


class SlowDisk(FakeDisk):
    """A disk that writes only when told."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def write(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> None:
        self.reached.set()
        assert self.go_on.wait(LONG_S)
        super().write(files)


class RepairedDisk(FakeDisk):
    """A disk that fails the first time."""

    def __init__(self) -> None:
        super().__init__()
        self._faults = [EvidenceError("the disk is full")]

    def write(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> None:
        if self._faults:
            raise self._faults.pop()
        super().write(files)


def keeper(disk: Disk, folder: Path = Path("/evidence"), **changes: object) -> EvidenceKeeper:
    plan = Plan(folder, ok_one_in=None)
    plan.learn(RECIPE.sha256, EvidenceImage(format="png"))
    store = EvidenceStore(disk, budget_bytes=GB, min_free_bytes=0)
    fields = {"station": "line1", "waiting_max_bytes": GB} | changes
    return EvidenceKeeper(plan, store, **fields)  # type: ignore[arg-type]


@contextmanager
def running(one: EvidenceKeeper) -> Iterator[EvidenceKeeper]:
    one.start()
    try:
        yield one
    finally:
        one.close(LONG_S)


def test_original_overlay_and_record_of_a_bad_part_are_kept(tmp_path: Path) -> None:
    bad, good = part(Judgement.NG, 1, part_id="SN 1"), part(Judgement.OK, 2)
    with running(keeper(FolderDisk(tmp_path), tmp_path)) as one:
        one.commit([bad, good])

    (original,) = tmp_path.glob("2026-11-23/NG/*.png")
    (overlay,) = tmp_path.glob("2026-11-23/NG/overlay/*.jpg")
    record = json.loads(original.with_suffix(".json").read_bytes())
    check_message("result", record)
    assert record["result_uri"] == original.as_uri()
    assert (record["part_id"], record["judgement"]) == ("SN 1", "NG")
    picture, drawn = cv2.imread(str(original)), cv2.imread(str(overlay))
    assert picture is not None
    assert drawn is not None
    assert np.array_equal(picture, bad.seen.image_bgr)
    assert drawn.shape == picture.shape
    assert one.figures.kept == 1
    assert one.figures.size_bytes == sum(
        path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()
    )
    assert one.health == EvidenceHealth()


def test_a_station_may_do_without_overlays(tmp_path: Path) -> None:
    with running(keeper(FolderDisk(tmp_path), tmp_path, overlay=False)) as one:
        one.commit([part()])

    assert sorted(path.suffix for path in tmp_path.rglob("*.*") if path.is_file()) == [".json", ".png"]


def test_a_failure_is_counted_and_told() -> None:
    disk = FakeDisk()
    disk.broken = "the disk is read-only"
    with running(keeper(disk)) as one:
        one.commit([part(number=1), part(number=2)])

    assert (one.figures.kept, one.figures.failed) == (0, 2)
    assert one.health.failure == "the disk is read-only"


def test_a_failure_is_over_when_writing_works_again() -> None:
    with running(keeper(RepairedDisk())) as one:
        one.commit([part(number=1), part(number=2)])

    assert (one.figures.kept, one.figures.failed) == (1, 1)
    assert one.health.failure == ""


def test_an_inspection_that_cannot_be_a_message_does_not_end_the_thread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = FakeDisk()
    with running(keeper(disk)) as one:
        one.commit([part(number=1, frame_id="not a number"), part(number=2)])

    assert (one.figures.kept, one.figures.failed) == (1, 1)
    assert "is lost" in caplog.text


def test_a_slow_disk_never_makes_the_line_wait_and_losses_are_counted() -> None:
    now_s = 0.0
    disk = SlowDisk()
    frame_bytes = part().seen.image_bgr.nbytes
    with running(keeper(disk, waiting_max_bytes=2 * frame_bytes, clock=lambda: now_s)) as one:
        one.commit([part(number=0)])
        assert disk.reached.wait(LONG_S)
        one.commit([part(number=number) for number in range(1, 6)])
        assert (one.figures.dropped, one.health.is_dropping) == (3, True)
        now_s = 61.0
        assert not one.health.is_dropping
        disk.go_on.set()

    assert (one.figures.kept, one.figures.dropped) == (3, 3)


def test_what_is_not_written_in_time_at_the_end_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    disk = SlowDisk()
    one = keeper(disk)
    one.start()
    one.commit([part(number=number) for number in range(3)])
    assert disk.reached.wait(LONG_S)
    one.close(timeout_s=0.01)

    assert one.figures.dropped == 2
    assert "2 inspections" in caplog.text
    disk.go_on.set()
    one.close(LONG_S)
    assert one.figures.kept == 1
