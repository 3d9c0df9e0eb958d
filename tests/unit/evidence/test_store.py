"""What goes when room is needed, on a disk in memory."""

from pathlib import PurePosixPath

import pytest

from edgevision.errors import EvidenceError
from edgevision.evidence.fake import FakeDisk
from edgevision.evidence.plan import Exhibit
from edgevision.evidence.shelf import Kept
from edgevision.evidence.store import EvidenceStore


def exhibit(number: int, judgement: str = "OK") -> Exhibit:
    return Exhibit(PurePosixPath("2026-11-23", judgement), str(number), ".png")


def put(store: EvidenceStore, one: Exhibit, size_bytes: int = 10) -> None:
    store.put(one, [(one.record, b"x"), (one.original, b"x" * (size_bytes - 1))])


def held(disk: FakeDisk) -> list[tuple[str, str]]:
    return [(path.parent.name, path.stem) for path in disk.files if path.suffix == ".png"]


def full_store(disk: FakeDisk, min_free_bytes: int = 0) -> EvidenceStore:
    """Return a store of 40 bytes that holds NG 1, OK 2, ND 3, OK 4."""
    store = EvidenceStore(disk, budget_bytes=40, min_free_bytes=min_free_bytes)
    for number, judgement in enumerate(("NG", "OK", "ND", "OK"), 1):
        put(store, exhibit(number, judgement))
    return store


def test_the_oldest_ok_goes_first() -> None:
    disk = FakeDisk()
    store = full_store(disk)
    put(store, exhibit(5, "NG"))

    assert held(disk) == [("NG", "1"), ("ND", "3"), ("OK", "4"), ("NG", "5")]
    assert (store.size_bytes, store.deleted, store.is_squeezed) == (40, 1, False)


def test_ng_and_nd_go_when_no_ok_is_left_and_that_is_told() -> None:
    disk = FakeDisk()
    store = full_store(disk)
    for number in range(5, 8):
        put(store, exhibit(number, "NG"))

    assert held(disk) == [("ND", "3"), ("NG", "5"), ("NG", "6"), ("NG", "7")]
    assert store.is_squeezed


def test_the_budget_holds_for_every_order_and_size() -> None:
    disk = FakeDisk()
    store = EvidenceStore(disk, budget_bytes=100, min_free_bytes=0)
    for number in range(200):
        put(store, exhibit(number, ("OK", "NG", "ND")[number % 3]), size_bytes=2 + number * 7 % 50)
        assert store.size_bytes == sum(map(len, disk.files.values())) <= 100


def test_the_floor_holds_when_others_fill_the_disk() -> None:
    disk = FakeDisk(room_bytes=100)
    store = full_store(disk, min_free_bytes=50)
    disk.foreign_bytes = 20
    put(store, exhibit(5, "NG"))

    assert disk.free_bytes() >= 50
    assert held(disk) == [("NG", "1"), ("ND", "3"), ("NG", "5")]


def test_nothing_is_deleted_when_deleting_everything_would_not_be_enough() -> None:
    disk = FakeDisk(room_bytes=100)
    store = full_store(disk, min_free_bytes=50)
    disk.foreign_bytes = 95

    with pytest.raises(EvidenceError, match="free space, or lower evidence"):
        put(store, exhibit(5, "NG"))

    assert (len(held(disk)), store.deleted) == (4, 0)


def test_what_is_larger_than_the_budget_is_refused() -> None:
    disk = FakeDisk()

    with pytest.raises(EvidenceError, match=r"raise evidence\.budget_gb"):
        put(full_store(disk), exhibit(5), size_bytes=41)

    assert len(held(disk)) == 4


def test_what_earlier_runs_kept_counts_and_goes_first() -> None:
    disk = FakeDisk()
    disk.kept = [Kept(exhibit(1, "NG"), 20), Kept(exhibit(2, "NG"), 20)]
    store = EvidenceStore(disk, budget_bytes=40, min_free_bytes=0)
    store.open()
    assert store.size_bytes == 40

    put(store, exhibit(3, "NG"))
    assert store.size_bytes == 30


def test_a_folder_that_cannot_be_read_at_first_is_read_later() -> None:
    disk = FakeDisk()
    disk.kept = [Kept(exhibit(1, "NG"), 20)]
    disk.broken = "no rights"
    store = EvidenceStore(disk, budget_bytes=40, min_free_bytes=0)
    with pytest.raises(EvidenceError, match="no rights"):
        put(store, exhibit(2))
    disk.broken = ""
    put(store, exhibit(2))

    assert store.size_bytes == 30


def test_a_squeeze_is_over_when_there_is_room_again() -> None:
    disk = FakeDisk(room_bytes=100)
    store = EvidenceStore(disk, budget_bytes=60, min_free_bytes=50)
    for number in range(6):
        put(store, exhibit(number, "NG"))
    assert store.is_squeezed

    disk.room_bytes = 1000
    put(store, exhibit(9, "NG"), size_bytes=2)
    assert not store.is_squeezed
